"""Replies that a person wants to leave later, and what becomes of them when the customer writes first."""

from __future__ import annotations

import datetime

from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.cases.models import Case
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundState

LATEST = datetime.timedelta(days=366)


def check_time(send_at: datetime.datetime) -> None:
    """Raises CannotSendError for a time that cannot be meant."""
    now = timezone.now()
    if send_at < now - datetime.timedelta(minutes=1):
        raise CannotSendError("The time to send it has passed. Choose a later one.")
    if send_at > now + LATEST:
        raise CannotSendError("The time to send it is more than a year away. Choose an earlier one.")


def hold_scheduled(case: Case) -> int:
    """The customer wrote: scheduled replies of the case wait for a person's word. In the caller's transaction."""
    now = timezone.now()
    waiting = OutboundEmail.objects.filter(case=case, state=OutboundState.QUEUED, is_scheduled=True, send_at__gt=now)
    words = "The customer wrote before it was due. Read that first, then decide."
    held = waiting.update(state=OutboundState.HELD, server_words=words)
    if held:
        tell(case.organisation_id, "outbound", number=case.number)
    return held
