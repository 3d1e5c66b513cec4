"""What a person may do with a mail of the outbox: stop one that waits, send one again that did not arrive."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee
from caseway.cases.errors import NotAllowedError
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundState


def cancel(row: OutboundEmail, *, by: Employee) -> None:
    """Take a queued mail out of the outbox; its entry in the case stays and says so.

    Raises CannotSendError when it has left or is leaving, NotAllowedError for a light agent.
    """
    _move(row, (OutboundState.QUEUED,), OutboundState.CANCELLED, "It has left already and cannot be cancelled.", by)


def send_again(row: OutboundEmail, *, by: Employee) -> None:
    """Queue a failed or uncertain mail again: the same bytes, the same Message-ID.

    Raises CannotSendError when it is in another state by now, NotAllowedError for a light agent.
    """
    ended = (OutboundState.FAILED, OutboundState.UNCERTAIN)
    _move(row, ended, OutboundState.QUEUED, "It is on its way already, or was sent. Look again.", by)


def _move(
    row: OutboundEmail, before: tuple[OutboundState, ...], after: OutboundState, refusal: str, by: Employee
) -> None:
    if not by.may_write:
        raise NotAllowedError(by.name)
    with transaction.atomic():
        rows = OutboundEmail.objects.filter(pk=row.pk, state__in=before)
        if not rows.update(state=after, send_at=timezone.now(), attempts=0, lease_until=None):
            raise CannotSendError(refusal)
        if after == OutboundState.QUEUED:
            ring("outbound")
        tell(row.organisation_id, "outbound", id=row.pk, number=row.case.number if row.case else None)
