"""Putting a mail into the outbox: bytes, Message-ID and recipients fixed, in the caller's transaction."""

from __future__ import annotations

import datetime

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee
from caseway.accounts.together import add, reserve
from caseway.cases.models import Attachment, Case, Direction, Message
from caseway.mail.model import Address, Draft, OutgoingEmail
from caseway.mail.parse import parse
from caseway.mailboxes.models import Mailbox, RawEmail
from caseway.outbound.models import OutboundEmail

IDENTIFIER_LENGTH = 512


def message_domain(address: str) -> str:
    """Right side of our Message-IDs: the domain of the address that the mail is from."""
    return address.rpartition("@")[2] or "caseway.invalid"


def pairs(addresses: tuple[Address, ...]) -> list[list[str]]:
    """How addresses are kept with a message: [[name, email], …]."""
    return [[address.name, address.email] for address in addresses]


def add_message(
    case: Case,
    draft: Draft,
    raw: RawEmail,
    *,
    message_id: int,
    employee: Employee | None,
    new_text: str,
    kind: str = "",
) -> Message:
    """The entry in the case's timeline for a mail that we send. `kind`: 'forward', 'new', or '' for an answer."""
    return add(
        Message(
            pk=message_id,
            organisation_id=case.organisation_id,
            case=case,
            direction=Direction.OUT,
            is_automatic=draft.is_automatic,
            employee=employee,
            raw=raw,
            from_name=draft.sender.name,
            from_email=draft.sender.email,
            to=pairs(draft.to),
            cc=pairs(draft.cc),
            subject=draft.subject,
            message_identifier=draft.message_id[:IDENTIFIER_LENGTH],
            references=[identifier[:IDENTIFIER_LENGTH] for identifier in draft.references],
            text=draft.text,
            new_text=new_text,
            html=draft.html,
            kind=kind,
        )
    )


def add_files(message: Message, content: bytes) -> None:
    """One row for each file in the mail's own bytes."""
    Attachment.objects.bulk_create([Attachment.of(message, part) for part in parse(content).attachments])


def enqueue(
    email: OutgoingEmail,
    raw: RawEmail,
    *,
    organisation_id: int,
    kind: str,
    subject: str,
    case: Case | None = None,
    message: Message | None = None,
    mailbox: Mailbox | None = None,
    by: Employee | None = None,
    send_at: datetime.datetime | None = None,
    is_scheduled: bool = False,
    request_key: str = "",
) -> OutboundEmail:
    """One row in the outbox and a ring at the senders' door."""
    row = OutboundEmail(
        pk=reserve(OutboundEmail),
        organisation_id=organisation_id,
        kind=kind,
        case=case,
        message=message,
        mailbox=mailbox,
        raw=raw,
        message_identifier=email.message_id[:IDENTIFIER_LENGTH],
        subject=subject,
        envelope_from=email.envelope_from,
        recipients=list(email.recipients),
        needs_smtputf8=email.needs_smtputf8,
        **({"send_at": send_at} if send_at is not None else {}),
        is_scheduled=is_scheduled,
        request_key=request_key,
        created_by=by,
    )
    add(row)
    ring("outbound")
    tell(organisation_id, "outbound", id=row.pk, number=case.number if case else None)
    return row
