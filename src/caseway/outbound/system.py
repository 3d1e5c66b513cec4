"""Mail that belongs to no case: from Caseway itself (invitations, password links, alarms), or to try an address out."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.mail.compose import compose
from caseway.mail.model import Address, Draft
from caseway.mailboxes.models import Mailbox, RawEmail
from caseway.outbound.models import OutboundEmail, OutboundKind
from caseway.outbound.queue import enqueue, message_domain


def send_system(organisation: Organisation, to: Address, subject: str, text: str) -> OutboundEmail:
    """Queue a mail to one person, through the system's own server.

    Raises `mail.compose.UnsendableError` when the address is none.
    """
    sender = Address("Caseway", settings.CASEWAY_SYSTEM_ADDRESS)
    return send_alone(organisation.pk, sender, to, subject, text, kind=OutboundKind.SYSTEM)


def send_alone(
    organisation_id: int,
    sender: Address,
    to: Address,
    subject: str,
    text: str,
    *,
    kind: str,
    mailbox: Mailbox | None = None,
    by: Employee | None = None,
) -> OutboundEmail:
    """Queue a mail of no case, marked as automatic (RFC 3834), through the server of `mailbox` or the system's.

    Raises `mail.compose.UnsendableError` when an address is none.
    """
    email = compose(
        Draft(
            sender=sender,
            to=(to,),
            subject=subject,
            text=text,
            message_id=f"{uuid.uuid4().hex}@{message_domain(sender.email)}",
            date=timezone.now(),
            is_automatic=True,
        )
    )
    prepared = RawEmail.prepare(organisation_id, email.raw)
    with transaction.atomic():
        return enqueue(
            email,
            prepared.keep(),
            organisation_id=organisation_id,
            kind=kind,
            subject=subject,
            mailbox=mailbox,
            by=by,
        )
