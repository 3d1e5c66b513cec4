"""What a person may do with a mail of the outbox: stop one that waits, send one now or again, settle a doubt."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee
from caseway.cases.errors import NotAllowedError
from caseway.cases.models import Message
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundKind, OutboundState
from caseway.outbound.outcomes import tell_followers_of

QUEUED, FAILED, UNCERTAIN, HELD = (
    OutboundState.QUEUED,
    OutboundState.FAILED,
    OutboundState.UNCERTAIN,
    OutboundState.HELD,
)


def cancel(row: OutboundEmail, *, by: Employee) -> None:
    """Take a mail that waits out of the outbox; its entry in the case stays and says so.

    Raises CannotSendError when it has left or is leaving, NotAllowedError for a light agent.
    """
    _move(row, (QUEUED, HELD), OutboundState.CANCELLED, _("It has left already and cannot be cancelled."), by)


def send_now(row: OutboundEmail, *, by: Employee) -> None:
    """Let a mail that waits leave at once: scheduled for later, held, or between two tries.

    Raises CannotSendError when it does not wait any more.
    """
    _move(row, (QUEUED, HELD), QUEUED, _("It does not wait any more. Look again."), by)


def release(row: OutboundEmail, *, by: Employee) -> None:
    """A held reply still fits: it leaves when it was to leave, or now when that has passed."""
    _move(row, (HELD,), QUEUED, _("It is not held any more. Look again."), by, keeps_time=True)


def send_again(row: OutboundEmail, *, by: Employee) -> None:
    """Queue a failed or uncertain mail again: the same bytes, the same Message-ID.

    An uncertain one may arrive twice: only a person may take that on. Raises CannotSendError when it is in another
    state by now, NotAllowedError for a light agent.
    """
    _move(row, (FAILED, UNCERTAIN), QUEUED, _("It is on its way already, or was sent. Look again."), by)


def was_sent(row: OutboundEmail, *, by: Employee) -> None:
    """A person found out that an uncertain mail arrived.

    Raises CannotSendError when it is not uncertain any more.
    """
    _may(by)
    if not settle(row, f"{by.name} found out that it arrived."):
        raise CannotSendError(_("It is not uncertain any more. Look again."))


def settle(row: OutboundEmail, evidence: str) -> bool:
    """An uncertain mail was sent after all; False when it is not uncertain any more."""
    now = timezone.now()
    with transaction.atomic():
        rows = OutboundEmail.objects.filter(pk=row.pk, state=UNCERTAIN)
        if not rows.update(state=OutboundState.SENT, evidence=evidence, sent_at=now, lease_until=None):
            return False
        if row.message_id is not None:
            Message.objects.filter(pk=row.message_id, sent_at=None).update(sent_at=now)
        if row.kind == OutboundKind.REPLY:
            tell_followers_of(row)
        _tell(row)
        return True


def _move(
    row: OutboundEmail,
    before: tuple[OutboundState, ...],
    after: OutboundState,
    refusal: str,
    by: Employee,
    *,
    keeps_time: bool = False,
) -> None:
    _may(by)
    with transaction.atomic():
        rows = OutboundEmail.objects.filter(pk=row.pk, organisation_id=by.organisation_id, state__in=before)
        send_at = Greatest(Now(), F("send_at")) if keeps_time else Now()
        if not rows.update(state=after, send_at=send_at, attempts=0, lease_until=None):
            raise CannotSendError(refusal)
        if after == QUEUED:
            ring("outbound")
        _tell(row)


def _may(by: Employee) -> None:
    if not by.may_write:
        raise NotAllowedError(by.name)


def _tell(row: OutboundEmail) -> None:
    number = row.case.number if row.case else None
    tell(row.organisation_id, "outbound", id=row.pk, number=number)
