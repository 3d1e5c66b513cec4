"""Delivery reports: is it one, does it say failed, delayed or delivered, whom does it concern (RFC 3464, and by words).

The reports believe structure; what servers without RFC 3464 write is read by `bounce_words`. `details` names
recipients, status codes and the message that came back, of both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from caseway.mail import bounce_words, bounds, headers, provider_json, signs
from caseway.mail.address import parse_addresses
from caseway.mail.model import Bounce, MessageId, ParsedEmail, Part

_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_PARTS = frozenset(
    {
        "message/rfc822",
        "text/rfc822-headers",
        "message/global",
        "message/global-headers",
        "message/partial",
        "text/rfc822",
        "message/news",
    }
)
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient block of a message/delivery-status part."""

    address: str
    action: str
    status: str
    diagnostic: str


def success_report(email: ParsedEmail) -> str:
    """A report that says only that the message arrived or went on."""
    actions = {one.action for one in recipients(email)} - {""}
    if actions and actions <= {"delivered", "relayed", "expanded"}:
        return f"delivery report: {', '.join(sorted(actions))}"
    return ""


def delay_report(email: ParsedEmail) -> str:
    actions = {one.action for one in recipients(email)} - {""}
    if "delayed" in actions and "failed" not in actions:
        return "delivery report: delayed (RFC 3464)"
    return ""


def failure_report(email: ParsedEmail) -> str:
    """A report with the structure of RFC 3464 or a header that only servers set."""
    if any(one.action in ("failed", "") and (one.address or one.status) for one in recipients(email)):
        return "delivery report: failed (RFC 3464)"
    if signs.report_type(email) == "delivery-status" or _status_part(email):
        return "delivery report (RFC 3464)"
    if email.header("x-failed-recipients"):
        return "X-Failed-Recipients header"
    return ""


def details(email: ParsedEmail) -> tuple[Bounce, ...]:
    """Whom the report concerns, with status and the Message-ID of what came back; twins once."""
    identifier = original_message_id(email)
    found: dict[str, Bounce] = {}
    for one in recipients(email):
        if one.action in ("delivered", "relayed", "expanded"):
            continue
        status = one.status or bounce_words.status_of(one.diagnostic)
        permanent = one.action != "delayed" and is_permanent(status, one.diagnostic, default=one.action == "failed")
        if one.address or status:
            found.setdefault(one.address.lower(), Bounce(one.address, status, permanent, one.diagnostic, identifier))
    if not found:
        found = {told.recipient.lower(): told for told in provider_json.recipients(email)}
    if not found:
        is_delay = bool(bounce_words.delay(email))
        for named in bounce_words.recipients(email):
            permanent = not is_delay and is_permanent(named.status, named.diagnostic, default=True)
            one_bounce = Bounce(named.address, named.status, permanent, named.diagnostic, identifier)
            found.setdefault(named.address.lower(), one_bounce)
    return tuple(found.values())[: bounds.BOUNCE_RECIPIENTS]


def is_permanent(status: str, diagnostic: str, *, default: bool) -> bool:
    """By the class of the enhanced code, else of the SMTP reply (RFC 3463 2)."""
    if status[:1] in ("4", "5"):
        return status[0] == "5"
    found = _REPLY_CODE.search(diagnostic)
    return found[1] == "5" if found else default


def first_status(text: str) -> str:
    found = STATUS.search(text[:4000])
    return found[1] if found else ""


def recipients(email: ParsedEmail) -> tuple[Recipient, ...]:
    """Recipient blocks of the delivery-status part; () without one."""
    part = _status_part(email)
    if part is None:
        return ()
    out: list[Recipient] = []
    content = b"\n" + part.content[: bounds.HEADER_BLOCK_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(
        b"\n"
    )
    for piece in re.split(rb"\n[ \t]{0,80}\n", content, maxsplit=2 * bounds.BOUNCE_RECIPIENTS)[
        : 2 * bounds.BOUNCE_RECIPIENTS
    ]:
        block = headers.split(b"\n" + piece.strip(b"\n"), 1, is_message=False)
        one = _recipient(block)
        if one:
            out.append(one)
        if len(out) >= bounds.BOUNCE_RECIPIENTS:
            break
    return tuple(out)


def _recipient(block: headers.HeaderBlock) -> Recipient | None:
    names = {name for name, _ in block.fields}
    if not names & {"final-recipient", "original-recipient", "action", "status", "x-actual-recipient"}:
        return None
    address = ""
    for name in ("final-recipient", "original-recipient", "x-actual-recipient"):
        value = block.decoded(name)
        address = _typed_address(value)
        if "@" in address:
            break
    action = block.decoded("action").lower().split(" ")[0].strip("().,")
    status = first_status(block.decoded("status"))
    diagnostic = block.decoded("diagnostic-code").partition(";")
    text = (diagnostic[2] if diagnostic[1] else diagnostic[0]).strip()
    better = first_status(text)
    if better and (not status or (status.endswith(".0.0") and better[0] == status[0])):
        status = better
    if not (address or action or status):
        return None
    return Recipient(
        address, action if action in _ACTIONS else "failed" if action.startswith("fail") else "", status, text[:1000]
    )


def _typed_address(value: str) -> str:
    """'rfc822; <a@b>' → 'a@b'."""
    text = value.partition(";")[2] or value
    box = next((box for box in parse_addresses([text]) if box.email), None)
    return box.email if box else ""


def _status_part(email: ParsedEmail) -> Part | None:
    return next((part for part in email.attachments if part.content_type in _STATUS_PARTS), None)


def original_message_id(email: ParsedEmail) -> MessageId:
    """Message-ID of the message that came back; '' unknown. Looks at the returned part, the report, then the words."""
    from caseway.mail.parse import message_ids

    for part in email.attachments:
        if part.content_type in _RETURNED_PARTS:
            block = headers.split(b"\n" + part.content[: bounds.HEADER_BLOCK_BYTES], 1)
            if found := message_ids([block.text("message-id")]):
                return found[0]
    status = _status_part(email)
    if status is not None:
        block = headers.split(b"\n" + status.content[: bounds.HEADER_BLOCK_BYTES], 1)
        if found := message_ids([block.text("x-original-message-id")]):
            return found[0]
    return bounce_words.original_message_id(email)
