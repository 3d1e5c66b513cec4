"""What a person may decide about a mail of the ledger: another try, a case, or no more from this sender."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee
from caseway.cases.errors import NotAllowedError
from caseway.intake.models import Decision, Hold, InboundEmail, InboundState, SenderRule
from caseway.mail.address import address_key
from caseway.outbound.models import Pause, PauseKind
from caseway.outbound.own import own_addresses
from caseway.outbound.pauses import end


class NotPossibleError(Exception):
    """The mail is in a state in which this has no meaning. The text says so in a sentence."""


def process_again(inbound: InboundEmail) -> None:
    """Another try with today's code. What is in a case, or waits anyway, stays as it is."""
    settled = InboundEmail.objects.filter(pk=inbound.pk).exclude(
        state__in=[InboundState.DELIVERED, InboundState.PENDING]
    )
    _queue(inbound, settled, decision="", by=None)


def make_case(inbound: InboundEmail, *, by: Employee, acknowledge: bool = False) -> None:
    """A case of its own for a mail that made none. Nothing is sent unless asked for.

    Raises NotPossibleError when it is in a case or on its way to one.
    """
    _may(by)
    decision = Decision.CASE_ACKNOWLEDGED if acknowledge else Decision.CASE
    apart = InboundEmail.objects.filter(pk=inbound.pk, organisation_id=by.organisation_id, message=None)
    waiting = apart.exclude(state__in=[InboundState.PENDING, InboundState.DELIVERED])
    repeats = InboundEmail.objects.filter(
        pk=inbound.pk, organisation_id=by.organisation_id, state__in=[InboundState.IGNORED, InboundState.HELD]
    )
    if not _queue(inbound, waiting | repeats, decision=decision, by=by):
        raise NotPossibleError(_("This mail is in a case already, or is being processed. Look at its row again."))


def ignore_sender(sender: str, *, by: Employee) -> SenderRule:
    """From now on mail of the address ('a@b.example') or of the whole domain ('@b.example') is kept and ignored.

    Raises NotPossibleError for what is no address, and for our own.
    """
    _may(by)
    text = sender.strip().lower()
    key = text if text.startswith("@") and "." in text else address_key(sender)
    if "@" not in key or len(key) < 4 or any(mark in key for mark in " <>,;"):
        raise NotPossibleError(
            _("“%(sender)s” is neither an address nor a domain such as @example.com.") % {"sender": sender}
        )
    if any(own == key or own.endswith(key) for own in own_addresses(by.organisation_id)) and (
        key.startswith("@") or key in own_addresses(by.organisation_id)
    ):
        raise NotPossibleError(_("%(key)s is ours: mail from it is told apart already.") % {"key": key})
    with transaction.atomic():
        rule, _is_new = SenderRule.objects.get_or_create(
            organisation_id=by.organisation_id, key=key[:320], defaults={"created_by": by}
        )
        held = InboundEmail.objects.filter(
            organisation_id=by.organisation_id, state=InboundState.HELD, hold=Hold.FLOOD, sender__iendswith=key
        )
        if not key.startswith("@"):
            held = held.filter(sender__iexact=key)
        held.update(state=InboundState.IGNORED, hold="", reason=rule.sentence, processed_at=timezone.now())
        for pause in Pause.objects.active().filter(organisation_id=by.organisation_id, kind=PauseKind.FLOOD, key=key):
            end(pause, by=by)
        tell(by.organisation_id, "inbound")
    return rule


def listen_again(rule: SenderRule, *, by: Employee) -> None:
    """Undo `ignore_sender`: mail from now on; what was ignored stays in the log and may be processed again."""
    _may(by)
    with transaction.atomic():
        SenderRule.objects.filter(pk=rule.pk, organisation_id=by.organisation_id).delete()
        tell(by.organisation_id, "inbound")


def resume(pause: Pause, *, by: Employee) -> int:
    """End a pause; mail that it held is let through, unacknowledged. Returns how many mails that were."""
    _may(by)
    released = 0
    with transaction.atomic():
        if end(pause, by=by) and pause.kind == PauseKind.FLOOD:
            held = InboundEmail.objects.filter(
                organisation_id=by.organisation_id, state=InboundState.HELD, hold=Hold.FLOOD, sender__iexact=pause.key
            )
            released = held.update(
                state=InboundState.PENDING,
                decision=Decision.QUIET,
                decided_by=by,
                attempts=0,
                next_attempt_at=Now(),
            )
            ring("intake")
    return released


def _queue(inbound: InboundEmail, rows: object, *, decision: str, by: Employee | None) -> bool:
    with transaction.atomic():
        changed = rows.update(  # type: ignore[attr-defined]
            state=InboundState.PENDING,
            decision=decision,
            decided_by=by,
            hold="",
            attempts=0,
            claimed_by=None,
            next_attempt_at=Now(),
            detail="",
            processed_at=None,
        )
        if changed:
            ring("intake")
            tell(inbound.organisation_id, "inbound", id=inbound.pk)
    return bool(changed)


def _may(by: Employee) -> None:
    if not by.is_administrator:
        raise NotAllowedError(by.name)
