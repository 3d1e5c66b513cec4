"""The queues go by the database's clock. Should it be put back, nothing waits for what was: a worker's duty."""

from __future__ import annotations

import datetime
import logging

from django.db import models
from django.db.models.functions import Now

from caseway.accounts.bell import ring
from caseway.accounts.models import Heartbeat
from caseway.accounts.scope import every_organisation
from caseway.intake.models import HistoryImport, InboundEmail, InboundState, Remainder
from caseway.outbound.models import CopyState, OutboundEmail, OutboundState, SentCopy

log = logging.getLogger(__name__)

LONGEST_WAIT = datetime.timedelta(hours=3)
"""Longer than every pause between two tries and every claim; what people scheduled is none."""
AHEAD = datetime.timedelta(minutes=1)


def mend() -> int:
    """Make due what waits for longer than anything here waits. Returns 0: there is no more until the next look."""
    late = Now() + LONGEST_WAIT
    with every_organisation():
        Heartbeat.objects.filter(seen_at__gt=Now() + AHEAD).delete()  # who lives is heard again in a moment
        waiting: list[tuple[models.QuerySet[models.Model], str]] = [
            (InboundEmail.objects.filter(state__in=[InboundState.PENDING, InboundState.FAILED]), "next_attempt_at"),
            (OutboundEmail.objects.filter(state=OutboundState.QUEUED, is_scheduled=False), "send_at"),
            (OutboundEmail.objects.filter(state=OutboundState.SENDING), "lease_until"),
            (SentCopy.objects.filter(state=CopyState.WAITING), "next_attempt_at"),
            (HistoryImport.objects.filter(finished_at=None), "lease_until"),
            (Remainder.objects.all(), "lease_until"),
        ]
        mended = sum(rows.filter(**{f"{name}__gt": late}).update(**{name: Now()}) for rows, name in waiting)
    if mended:
        log.warning("The database's clock was put back: %s rows that waited for hours are due now", mended)
        for queue in ("intake", "outbound", "history", "rest"):
            ring(queue)
    return 0
