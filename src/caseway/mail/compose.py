"""Draft → the bytes that are sent, the same at every try.

Written by hand rather than with the standard library's generator: each field has one way in (`compose_headers`),
each body is quoted-printable or base64, so that no hop and no text can change the shape of the message.
Standards: RFC 5322, 2045–2047, 2231, 2387 (related), 3676 (flowed), 3834 (automatic), 6532 (addresses in UTF-8).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import UTC
from email.utils import format_datetime

from caseway.mail.compose_headers import (
    UnsendableError,
    address_field,
    clean,
    encoded_words,
    file_name,
    fold,
    identifier,
    mailbox,
    parameters,
    text_field,
)
from caseway.mail.flowed import flow
from caseway.mail.model import Address, Draft, File, OutgoingEmail

__all__ = ["UnsendableError", "compose"]

REFERENCES_LIMIT = 20
"""Identifiers in References: the first and the latest. RFC 5322 3.6.4 leaves it open; servers refuse long ones."""
OWN_FIELDS = frozenset(
    """from to cc bcc reply-to sender subject date message-id in-reply-to references mime-version auto-submitted
    x-auto-response-suppress content-type
    content-transfer-encoding content-disposition content-id return-path""".split()  # noqa: SIM905
)
"""Fields that `compose` alone writes, so that there is one of each."""
FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


def compose(draft: Draft) -> OutgoingEmail:
    """The message of `draft`. The same draft gives the same bytes.

    `draft.html` is sent as it is: sanitise it first. Raises UnsendableError when sender, Message-ID or an address
    is none, or when nobody would get it.
    """
    people = [*draft.to, *draft.cc, *draft.bcc]
    recipients = tuple(dict.fromkeys(mailbox(person.email) for person in people))
    if not recipients:
        raise UnsendableError("The message has no recipient.")
    sender = mailbox(draft.sender.email)
    shown = [draft.sender, *draft.to, *draft.cc, *([draft.reply_to] if draft.reply_to else [])]
    return OutgoingEmail(
        raw=_header(draft) + _body(draft),
        message_id=_own_identifier(draft)[1:-1],
        envelope_from="" if draft.is_automatic else sender,
        recipients=recipients,
        needs_smtputf8=not all(mailbox(person.email).isascii() for person in (*shown, *draft.bcc)),
    )


def _header(draft: Draft) -> bytes:
    fields = [
        text_field("Date", _date(draft)),
        address_field("From", [draft.sender]),
        *([address_field("Reply-To", [draft.reply_to])] if draft.reply_to else []),
        *([address_field("To", _each_once(draft.to))] if draft.to else []),
        *([address_field("Cc", _each_once(draft.cc, draft.to))] if _each_once(draft.cc, draft.to) else []),
        *([] if draft.to or draft.cc else [b"To: undisclosed-recipients:;\r\n"]),
        text_field("Subject", draft.subject),
        fold("Message-ID", [_own_identifier(draft)]),
        *_thread_fields(draft),
        *_automatic_fields(draft),
        *_further_fields(draft),
        b"MIME-Version: 1.0\r\n",
    ]
    return b"".join(fields)


def _own_identifier(draft: Draft) -> str:
    own = identifier(draft.message_id)
    if not own:
        raise UnsendableError("The message has no Message-ID.")
    return own


def _date(draft: Draft) -> str:
    """A naive date is read as UTC."""
    date = draft.date if draft.date.tzinfo else draft.date.replace(tzinfo=UTC)
    return format_datetime(date.replace(microsecond=0))


def _each_once(addresses: tuple[Address, ...], but: tuple[Address, ...] = ()) -> list[Address]:
    taken = {mailbox(address.email) for address in but}
    unique = {mailbox(address.email): address for address in reversed(addresses)}
    return [address for key, address in reversed(unique.items()) if key not in taken]


def _thread_fields(draft: Draft) -> list[bytes]:
    answered = identifier(draft.in_reply_to)
    references = [identifier(value) for value in draft.references]
    chain = list(dict.fromkeys(value for value in [*references, answered] if value and value != _own_identifier(draft)))
    if answered in chain:
        chain.append(chain.pop(chain.index(answered)))
    if len(chain) > REFERENCES_LIMIT:
        chain = [chain[0], *chain[1 - REFERENCES_LIMIT :]]
    fields = [fold("In-Reply-To", [answered])] if answered else []
    return [*fields, fold("References", chain)] if chain else fields


def _automatic_fields(draft: Draft) -> list[bytes]:
    if not draft.is_automatic:
        return []
    kind = "auto-replied" if draft.in_reply_to else "auto-generated"
    return [f"Auto-Submitted: {kind}\r\n".encode(), b"X-Auto-Response-Suppress: All\r\n"]


def _further_fields(draft: Draft) -> list[bytes]:
    for name, _ in draft.headers:
        if not FIELD_NAME.fullmatch(name) or name.lower() in OWN_FIELDS:
            raise UnsendableError(f"{name!r} is not a header that a draft may add.")
    return [text_field(name, value) for name, value in draft.headers]


def _body(draft: Draft) -> bytes:
    inline = [file for file in draft.files if file.content_id and draft.html]
    attached = [file for file in draft.files if file not in inline]
    seed = hashlib.sha256(draft.message_id.encode("utf-8", "replace") + draft.text.encode("utf-8", "replace"))
    boundary = f"=_cw_{seed.hexdigest()[:24]}"  # '=_' occurs in no quoted-printable and no base64
    entity = _text_part("plain", flow(draft.text), "; format=flowed")
    if draft.html:
        page = _text_part("html", draft.html, "")
        if inline:
            page = _multipart("related", [page, *map(_file_part, inline)], boundary + "_r", '; type="text/html"')
        entity = _multipart("alternative", [entity, page], boundary + "_a")
    if attached:
        entity = _multipart("mixed", [entity, *map(_file_part, attached)], boundary + "_m")
    return entity


def _multipart(kind: str, parts: list[bytes], boundary: str, more: str = "") -> bytes:
    head = f'Content-Type: multipart/{kind}{more};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    delimiter = f"\r\n--{boundary}\r\n".encode()
    return head + delimiter[2:] + delimiter.join(parts) + f"\r\n--{boundary}--\r\n".encode()


def _text_part(subtype: str, text: str, more: str) -> bytes:
    content = "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").split("\n"))
    data = content.encode("utf-8", "replace")
    quoted, packed = _quoted_printable(data), _base64(data)
    encoding, body = ("quoted-printable", quoted) if len(quoted) <= len(packed) else ("base64", packed)
    head = f"Content-Type: text/{subtype}; charset=utf-8{more}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body


def _quoted_printable(data: bytes) -> bytes:
    lines = []
    for line in data.split(b"\r\n"):
        if line.startswith(b"From "):
            # A hop that keeps mail in mbox files would write '>From' (RFC 2049 3): the F is encoded.
            lines.append(binascii.b2a_qp(b"\x80" + line[1:], istext=True).replace(b"=80", b"=46", 1))
        else:
            lines.append(binascii.b2a_qp(line, istext=True))
    return b"\r\n".join(line.replace(b"=\n", b"=\r\n") for line in lines)


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _file_part(file: File) -> bytes:
    name = file_name(file.name)
    media_type = _media_type(file)
    is_inline = bool(file.content_id)
    disposition = "inline" if is_inline else "attachment"
    names = parameters("filename", name)
    fields = [
        # The name once more in the old way, for readers that never learnt RFC 2231.
        fold("Content-Type", [f"{media_type};", *_quoted(f"name={_legacy_name(name)}")]),
        fold("Content-Disposition", [f"{disposition};", *(f"{n};" for n in names[:-1]), names[-1]]),
    ]
    if is_inline and (content_id := identifier(file.content_id)):
        fields.append(fold("Content-ID", [content_id]))
    if media_type == "message/rfc822":
        return b"".join([*fields, b"Content-Transfer-Encoding: 7bit\r\n\r\n", file.content])
    return b"".join([*fields, b"Content-Transfer-Encoding: base64\r\n\r\n", _base64(file.content)])


def _quoted(text: str) -> list[str]:
    return text.split(" ")


def _legacy_name(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + " ".join(encoded_words(clean(escaped))) + '"'


def _media_type(file: File) -> str:
    kind = file.content_type.strip().lower()
    if not MEDIA_TYPE.fullmatch(kind) or kind.startswith("multipart/"):
        return "application/octet-stream"
    if kind.startswith("message/") and not (kind == "message/rfc822" and _passes_as_7bit(file.content)):
        # RFC 2046 5.2.1 forbids encoding a message part, and unencoded these bytes would not survive.
        return "application/octet-stream"
    return kind


def _passes_as_7bit(content: bytes) -> bool:
    lines = content.split(b"\r\n")
    return content.isascii() and all(
        len(line) <= 998
        and not any(c in line for c in b"\r\n\0")
        and not line.endswith((b" ", b"\t"))
        and not line.startswith((b"From ", b"--=_cw_"))
        and line != b"."
        for line in lines
    )
