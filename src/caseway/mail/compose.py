"""Draft → the bytes that are sent, the same at every try.

Written by hand rather than with the standard library's generator: each field has one way in (`compose_headers`),
each body is quoted-printable or base64, so that no hop and no text can change the shape of the message.
Standards: RFC 5322, 2045–2047, 2231, 2387 (related), 3676 (flowed), 3834 (automatic), 6532 (addresses in UTF-8).
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import format_datetime

from caseway.mail.compose_headers import (
    UnsendableError,
    address_field,
    fold,
    identifier,
    mailbox,
    text_field,
)
from caseway.mail.compose_parts import body
from caseway.mail.model import Address, Draft, OutgoingEmail

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


def compose(draft: Draft) -> OutgoingEmail:
    """The message of `draft`. The same draft gives the same bytes.

    `draft.html` is sent as it is: sanitise it first. Raises UnsendableError when sender, Message-ID or an address
    is none, or when nobody would get it.
    """
    recipients = tuple(mailbox(person.email) for person in _each_once((*draft.to, *draft.cc, *draft.bcc)))
    if not recipients:
        raise UnsendableError("The message has no recipient.")
    sender = mailbox(draft.sender.email)
    shown = [draft.sender, *draft.to, *draft.cc, *([draft.reply_to] if draft.reply_to else [])]
    return OutgoingEmail(
        raw=_header(draft) + body(draft),
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
    """The first of each mailbox, compared without case, that is not among `but`."""
    taken = {address.key for address in but}
    unique = {address.key: address for address in reversed(addresses)}
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
