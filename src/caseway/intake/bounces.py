"""A delivery report finds the mail that it reports on, and says so there (RFC 3464)."""

from __future__ import annotations

from django.utils import timezone

from caseway.cases.models import Case, EventKind, Message, NotificationKind
from caseway.cases.notices import notify
from caseway.contacts.models import ContactAddress
from caseway.mail.address import address_key
from caseway.mail.model import Bounce, Verdict
from caseway.outbound.own import signer


def record_bounces(organisation_id: int, verdict: Verdict) -> Case | None:
    """The case of the mail that bounced, with one event for each recipient; None when no mail of ours is meant.

    Only our own signature or a mail that we sent to that very recipient counts: reports are easily forged.
    """
    case: Case | None = None
    for bounce in verdict.bounces:
        message = _reported(organisation_id, bounce)
        if message is None:
            continue
        case = message.case
        data = {
            "recipient": bounce.recipient,
            "status": bounce.status,
            "diagnostic": bounce.diagnostic[:1000],
            "permanent": bounce.is_permanent,
        }
        case.record(EventKind.BOUNCED, data, message=message)
        if bounce.is_permanent:
            notify(NotificationKind.FAILED, case, [message.employee], data={"recipient": bounce.recipient})
        if bounce.is_permanent and bounce.recipient:
            ContactAddress.objects.filter(organisation_id=organisation_id, key=address_key(bounce.recipient)).update(
                bounced_at=timezone.now(), bounce_reason=bounce.diagnostic[:1000] or bounce.status
            )
    return case


def _reported(organisation_id: int, bounce: Bounce) -> Message | None:
    if not bounce.original_message_id:
        return None
    claim = signer().claim(bounce.original_message_id, "delivery report")
    if claim is None or claim.organisation != organisation_id:
        return None
    rows = Message.objects.filter(organisation_id=organisation_id, pk=claim.message)
    return rows.select_related("case", "employee").first()
