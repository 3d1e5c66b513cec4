"""Bytes → ParsedEmail. Never raises, bounded in time and memory; damage is data (`defects`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from caseway.mail import address, body, bounds, headers, parameters, parts
from caseway.mail.encoded import clean
from caseway.mail.model import Address, MessageId, ParsedEmail, Part

_ANGLE = re.compile(r"<([^<>]{1,2000})>")
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_FIRST_YEAR, _LAST_YEAR = 1980, 2100


def parse(raw: bytes) -> ParsedEmail:
    """Read one message as it came from the mailbox. Any bytes; never raises.

    Files larger than `bounds.FILE_BYTES` come without their content: `part` hands it over.
    Texts hold no NUL, no lone surrogate and '\\n' line ends. `html` is as sent and untrusted.
    """
    defects: list[str] = []
    buffer, block, root = _open(raw, defects)
    content = body.read(root, defects)
    froms = block.texts("from")
    return ParsedEmail(
        message_id=next(iter(message_ids([block.text("message-id")])), ""),
        subject=_subject(block, defects),
        sender=_sender(block, froms, defects),
        sender_is_ambiguous=_is_ambiguous(froms),
        reply_to=address.parse_addresses(block.texts("reply-to")),
        to=address.parse_addresses(block.texts("to")),
        cc=address.parse_addresses(block.texts("cc")),
        delivered_to=_delivered_to(block),
        in_reply_to=message_ids(block.texts("in-reply-to")),
        references=message_ids(block.texts("references")),
        date=_date(block.text("date"), defects),
        text=content.text,
        html=content.html,
        attachments=content.attachments,
        headers=tuple((name, headers.readable(block.value_text(value))) for name, value in block.fields),
        body_sha256=hashlib.sha256(memoryview(buffer)[block.body :]).hexdigest(),
        defects=tuple(dict.fromkeys(defects)),
        size=len(raw),
    )


def part(raw: bytes, index: int) -> Part | None:
    """The leaf with this `Part.index` of the same bytes, None without one."""
    defects: list[str] = []
    _, _, root = _open(raw, defects)
    return next((one for one in body.read(root, defects, whole=index).leaves if one.index == index), None)


def _open(raw: bytes, defects: list[str]) -> tuple[bytes, headers.HeaderBlock, parts.Node]:
    buffer = _normalised(bytes(raw), defects)
    block = headers.split(buffer, 1)
    defects.extend(block.defects)
    if not block.fields:
        defects.append("no headers")
    _, values = parameters.parse(block.text("content-type"))
    block.charset_hint = values.get("charset", "")
    return buffer, block, parts.read(buffer, defects, block)


def _normalised(raw: bytes, defects: list[str]) -> bytes:
    """The message with a line end in front (so that '\\n--' finds every delimiter) and with LF somewhere."""
    if len(raw) > bounds.MESSAGE_BYTES:
        defects.append("message too large: the end is only in the original message")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = raw.decode("utf-16", "replace").encode("utf-8")
        defects.append("saved as UTF-16")
    elif raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
        defects.append("byte order mark before the headers")
    first_lf = raw.find(b"\n", 0, bounds.HEADER_BYTES)
    if raw.find(b"\r", 0, first_lf if first_lf >= 0 else bounds.HEADER_BYTES) >= 0 and not _has_crlf_first(
        raw, first_lf
    ):
        defects.append("lines end in CR only")
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    elif b"\r\r\n" in raw[: bounds.HEADER_BYTES]:
        defects.append("lines end in CR CR LF")
        raw = raw.replace(b"\r\r\n", b"\r\n")
    return b"".join((b"\n", memoryview(raw)[: bounds.MESSAGE_BYTES]))  # one copy


def _has_crlf_first(raw: bytes, first_lf: int) -> bool:
    """The first line end is LF or CR LF; a stray CR inside the first line does not count."""
    if first_lf < 0:
        return False
    line = raw[:first_lf].rstrip(b"\r")
    return b"\r" not in line or line.count(b"\r") == 1


def message_ids(values: Sequence[str]) -> tuple[MessageId, ...]:
    """Identifiers in header values, without brackets and white space, twins once, at most MESSAGE_IDS."""
    found: dict[MessageId, None] = {}
    for value in values:
        texts: Iterable[str] = _ANGLE.findall(value)
        if not texts:
            texts = [word for word in value.replace(",", " ").split()[: bounds.MESSAGE_IDS] if "@" in word]
            if not texts and value.strip() and " " not in value.strip():
                texts = [value]
        for text in texts:
            if identifier := "".join(clean(text).split()).strip("<>"):
                found.setdefault(identifier)
    identifiers = tuple(found)
    if len(identifiers) > bounds.MESSAGE_IDS:
        return identifiers[:1] + identifiers[-bounds.MESSAGE_IDS + 1 :]
    return identifiers


def _subject(block: headers.HeaderBlock, defects: list[str]) -> str:
    if len(block.texts("subject")) > 1:
        defects.append("several Subject headers")
    return block.decoded("subject")


def _sender(block: headers.HeaderBlock, froms: list[str], defects: list[str]) -> Address:
    boxes = address.parse_addresses(froms)
    if via := _sender_behind_list(block, boxes):
        defects.append(f"sent via {boxes[0].email[:100]}, which put itself into From; the sender is who wrote")
        return via
    if len(froms) > 1:
        defects.append("several From headers")
    for box in boxes:
        if box.email:
            return box
    name = boxes[0].name if boxes else ""
    defects.append("From without an address" if froms else "no From header")
    for header in ("sender", "reply-to", "return-path"):
        for box in address.parse_addresses(block.texts(header)):
            if "@" in box.email:
                return Address(name or box.name, box.email)
    return Address(name, "")


def _sender_behind_list(block: headers.HeaderBlock, boxes: Sequence[Address]) -> Address | None:
    """Who wrote, when a group rewrote From to "'John' via Support <support@x>" so that DMARC passes.

    Believed only when nothing contradicts: X-Original-From (Google Groups) or X-Original-Sender names one
    address, and Reply-To names none or the same. Classification treats it as unverified unless the group is ours.
    """
    if len(boxes) != 1 or " via " not in boxes[0].name:
        return None
    replies = {box.key for box in address.parse_addresses(block.texts("reply-to")) if "@" in box.email}
    for header in ("x-original-from", "x-original-sender"):
        found = [box for box in address.parse_addresses(block.texts(header)) if "@" in box.email]
        if len(found) == 1:
            name = found[0].name or boxes[0].name.partition(" via ")[0].strip("' ")
            return Address(name, found[0].email) if replies <= {found[0].key} else None
    return None


def _is_ambiguous(froms: list[str]) -> bool:
    return len(froms) > 1 or address.is_ambiguous(froms)


def _delivered_to(block: headers.HeaderBlock) -> tuple[str, ...]:
    keys = [box.key for name in _DELIVERED for box in address.parse_addresses(block.texts(name)) if box.email]
    for value in block.texts("list-id"):
        found = _ANGLE.search(value)
        identifier = clean(found[1] if found else value).strip().lower()
        if identifier and " " not in identifier:
            keys.append(identifier)
    return tuple(dict.fromkeys(keys))


def _date(value: str, defects: list[str]) -> datetime | None:
    """Date in UTC; without a zone it is taken as UTC."""
    value = clean(value[:200]).strip()
    if not value:
        return None
    moment: datetime | None
    try:
        moment = parsedate_to_datetime(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        moment = _iso_date(value)
    if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        defects.append("Date cannot be read")
        return None
    return moment


def _iso_date(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
