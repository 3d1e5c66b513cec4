"""Mail from Caseway itself: invitations, password links, alarms. Leaves through the system's own server."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from caseway.accounts.models import Organisation
from caseway.mail.compose import compose
from caseway.mail.model import Address, Draft
from caseway.mailboxes.models import RawEmail
from caseway.outbound.models import OutboundEmail, OutboundKind
from caseway.outbound.queue import enqueue, message_domain


def send_system(organisation: Organisation, to: Address, subject: str, text: str) -> OutboundEmail:
    """Queue a mail to one person.

    Raises `mail.compose.UnsendableError` when the address is none.
    """
    sender = Address("Caseway", settings.CASEWAY_SYSTEM_ADDRESS)
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
    prepared = RawEmail.prepare(organisation.pk, email.raw)
    with transaction.atomic():
        return enqueue(
            email, prepared.keep(), organisation_id=organisation.pk, kind=OutboundKind.SYSTEM, subject=subject
        )
