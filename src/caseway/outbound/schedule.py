"""Replies that a person wants to leave later, and what becomes of them when the customer writes first."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.bell import tell
from caseway.cases.models import Case
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundState

LATEST = datetime.timedelta(days=366)


def check_time(send_at: datetime.datetime) -> None:
    """Raises CannotSendError for a time that cannot be meant."""
    now = timezone.now()
    if send_at < now - datetime.timedelta(minutes=1):
        raise CannotSendError(_("The time to send it has passed. Choose a later one."))
    if send_at > now + LATEST:
        raise CannotSendError(_("The time to send it is more than a year away. Choose an earlier one."))


def has_scheduled(cases: Iterable[int]) -> set[int]:
    """Those of the cases (ids) that a scheduled reply waits in."""
    return set(_scheduled(cases).values_list("case_id", flat=True))


def hold_scheduled(case: Case) -> int:
    """The customer wrote: scheduled replies of the case wait for a person's word. In the caller's transaction."""
    waiting = _scheduled([case.pk])
    words = "The customer wrote before it was due. Read that first, then decide."
    held = waiting.update(state=OutboundState.HELD, server_words=words)
    if held:
        tell(case.organisation_id, "outbound", number=case.number)
    return held


def _scheduled(cases: Iterable[int]) -> QuerySet[OutboundEmail]:
    queued = OutboundEmail.objects.filter(state=OutboundState.QUEUED, is_scheduled=True, send_at__gt=Now())
    return queued.filter(case_id__in=list(cases))
