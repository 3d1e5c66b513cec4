"""From the ledger to its outcomes: claim some rows, read them without a transaction, deliver them in one.

A claim counts as an attempt before the mail is looked at. A mail that kills its process is thus tried a bounded
number of times, and one that raises an error stands in nobody's way.
"""

from __future__ import annotations

import datetime
import logging
import traceback
from collections import deque
from collections.abc import Sequence
from itertools import accumulate, groupby, takewhile

from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from caseway.accounts import presence
from caseway.accounts.bell import tell
from caseway.accounts.crash_points import reach
from caseway.accounts.more import there_is_more
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.accounts.space import is_used_up
from caseway.accounts.together import change, gathered
from caseway.accounts.turns import take_delivery_turn
from caseway.intake.deliver import Outcome, deliver
from caseway.intake.desk import Desk
from caseway.intake.known import IDENTIFIER_LENGTH, Known
from caseway.intake.models import MOST_ATTEMPTS, Hold, InboundEmail, InboundState
from caseway.intake.read import Reading, read
from caseway.intake.settle import settle_uncertain
from caseway.mail.bounds import MESSAGE_BYTES
from caseway.outbound.rates import expect

log = logging.getLogger(__name__)

HISTORY_BATCH = 5
"""Of an import fewer are taken at once: a new mail waits until those at hand are done."""
BATCH = 50
BATCH_BYTES = 16 * 1024 * 1024
"""Mails of one batch lie in memory together: a large one comes alone."""
CLAIM_SECONDS = 60
"""How long a claim holds when nobody can tell that its process died; a worker's claims end with the worker."""
WAITS = (10, 60, 300, 1800)
"""Seconds before attempt two, three, four and five."""


_owed: deque[list[InboundEmail]] = deque()
"""Claims of this process that could not be given back yet."""


def process_pending(only: InboundEmail | None = None) -> int:
    """Process what is due now, a batch at a time; returns how many mails were tried. Any number of processes may.

    `only`: this mail, and nothing that others left behind.
    """
    done = 0
    with every_organisation():
        if only is None:
            _pay_back()
            _release_held()
            _take_over()
            settle_uncertain()
        while claimed := _claim(only):
            reach("process:claimed")
            try:
                for organisation_id, rows in groupby(claimed, key=lambda row: row.organisation_id):
                    with organisation_scope(organisation_id):
                        _process_batch(organisation_id, list(rows))
            except DatabaseError:
                connection.close()
                _give_back(claimed)
                raise
            done += len(claimed)
    return done


def _claim(only: InboundEmail | None) -> list[InboundEmail]:
    with transaction.atomic():
        due = InboundEmail.objects.due() if only is None else InboundEmail.objects.due().filter(pk=only.pk)
        rows = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("raw")[:BATCH])
        exhausted = [row for row in rows if row.attempts >= MOST_ATTEMPTS]
        for row in exhausted:
            _quarantine(row, "It ended the process that read it, again and again.")
        claimed = _together([row for row in rows if row not in exhausted])
        until = Now() + datetime.timedelta(seconds=CLAIM_SECONDS)
        InboundEmail.objects.filter(pk__in=[row.pk for row in claimed]).update(
            attempts=F("attempts") + 1, next_attempt_at=until, claimed_by=presence.number()
        )
        for row in claimed:
            row.attempts += 1
    if len(claimed) < len(rows) or len(rows) == BATCH:
        there_is_more()
    return sorted(claimed, key=lambda row: (row.organisation_id, row.pk))


def _together(rows: Sequence[InboundEmail]) -> list[InboundEmail]:
    """The first of `rows` that may be one batch: BATCH_BYTES at most, and what was tried before comes alone.

    So a mail that kills its process takes no others along to their last attempt.
    """
    batch = list(takewhile(lambda row: not row.attempts and row.is_history == rows[0].is_history, rows))
    batch = batch[:HISTORY_BATCH] if rows and rows[0].is_history else batch
    sums = accumulate(row.raw.size for row in batch)
    fitting = [row for row, total in zip(batch, sums, strict=True) if total <= BATCH_BYTES]
    return fitting or list(rows[:1])


def _take_over() -> None:
    """What a process had claimed that is not there any more is due: now, and after a pause when it died repeatedly.

    A mail that ends its process is told by dying at each of several times from a bystander of a bad minute.
    """
    for row in InboundEmail.objects.orphaned().only("pk", "attempts")[:1000]:
        wait = WAITS[min(row.attempts - 2, len(WAITS) - 1)] if row.attempts > 1 else 0
        InboundEmail.objects.orphaned().filter(pk=row.pk, attempts=row.attempts).update(
            next_attempt_at=Now() + datetime.timedelta(seconds=wait), claimed_by=None
        )


def _give_back(rows: Sequence[InboundEmail]) -> None:
    """The database failed, not the mails: what is unfinished is due again, and the attempt does not count."""
    try:
        _return(rows)
    except DatabaseError:
        log.info("The database cannot be written to; what was claimed is given back when it can")
        _owed.append(list(rows))


def _pay_back() -> None:
    """What could not be given back when the database failed. Another's claim since then is left alone."""
    while _owed:
        _return(_owed[-1])
        _owed.pop()


def _return(rows: Sequence[InboundEmail]) -> None:
    with transaction.atomic():
        for row in rows:
            InboundEmail.objects.filter(
                pk=row.pk, attempts=row.attempts, state__in=[InboundState.PENDING, InboundState.FAILED]
            ).exclude(claimed_by=None).update(attempts=row.attempts - 1, next_attempt_at=Now(), claimed_by=None)


def _process_batch(organisation_id: int, rows: Sequence[InboundEmail]) -> None:
    desk = Desk.of(organisation_id)
    batch: list[tuple[InboundEmail, Reading]] = []
    for row in rows:
        try:
            batch.append((row, read(row.raw.content(MESSAGE_BYTES + 1), desk.own_of(row.mailbox_id))))
        except Exception as error:  # a fault of ours must not hold up the others
            log.exception("Mail %s could not be read", row.pk)
            with transaction.atomic():
                if _still_ours([row]):
                    _fail(row, "".join(traceback.format_exception(error)))
    reach("process:read")
    try:
        _deliver_together(organisation_id, batch, desk)
    except Exception as error:
        if not connection.is_usable() or is_used_up(error):
            raise
        if len(batch) > 1:
            log.warning("A batch of mails could not be delivered; trying one at a time", exc_info=True)
        for one in batch:
            _deliver_alone(organisation_id, one, desk)


def _deliver_together(organisation_id: int, batch: Sequence[tuple[InboundEmail, Reading]], desk: Desk) -> None:
    """One transaction for all: an error in one undoes it, so that each can be tried for itself."""
    with transaction.atomic(), gathered():
        take_delivery_turn(organisation_id)
        ours = _still_ours([row for row, _ in batch])
        batch = [(row, reading) for row, reading in batch if row.pk in ours]
        known = Known(organisation_id, batch)
        expect(organisation_id, [reading.email.sender for _, reading in batch], {row.mailbox_id for row, _ in batch})
        for row, reading in batch:
            _record(row, deliver(row, reading, desk, known), reading)
            known.remember(row, reading)
        reach("process:uncommitted")
    reach("process:committed")


def _deliver_alone(organisation_id: int, one: tuple[InboundEmail, Reading], desk: Desk) -> None:
    row, reading = one
    try:
        _deliver_together(organisation_id, [one], desk)
    except Exception as error:
        if not connection.is_usable() or is_used_up(error):
            raise
        log.exception("Mail %s could not be delivered", row.pk)
        with transaction.atomic():
            if _still_ours([row]):
                _fail(row, traceback.format_exc(), reading)


def _still_ours(rows: Sequence[InboundEmail]) -> set[int]:
    """Those of the claimed mails that nobody else has claimed or decided since; locked."""
    held = InboundEmail.objects.filter(
        pk__in=[row.pk for row in rows], state__in=[InboundState.PENDING, InboundState.FAILED]
    )
    attempts = {row.pk: row.attempts for row in rows}
    found = held.select_for_update().order_by("pk").values_list("pk", "attempts")
    return {pk for pk, number in found if number == attempts[pk]}


_DESCRIBED_FIELDS = ("kind", "message_identifier", "body_sha256", "sender", "subject")
_OUTCOME_FIELDS = ("state", "reason", "detail", "message", "case", "support_address", "hold", "processed_at")


def _record(row: InboundEmail, outcome: Outcome, reading: Reading) -> None:
    _describe(row, reading)
    row.state = outcome.state
    row.reason = outcome.reason
    row.detail = ""
    row.message = outcome.message
    row.case = outcome.message.case if outcome.message else None
    row.support_address = outcome.support_address
    row.hold = outcome.hold
    row.claimed_by = None
    row.processed_at = timezone.now()
    change(row, *_OUTCOME_FIELDS, *_DESCRIBED_FIELDS)
    tell(row.organisation_id, "inbound", id=row.pk, number=row.case.number if row.case else None)


def _describe(row: InboundEmail, reading: Reading) -> None:
    email = reading.email
    row.kind = reading.verdict.kind
    row.message_identifier = email.message_id[:IDENTIFIER_LENGTH]
    row.body_sha256 = email.body_sha256
    row.sender = email.sender.email[:320]
    row.subject = email.subject


def _fail(row: InboundEmail, detail: str, reading: Reading | None = None) -> None:
    if reading is not None:
        _describe(row, reading)
    if row.attempts >= MOST_ATTEMPTS:
        _quarantine(row, f"It could not be processed in {MOST_ATTEMPTS} attempts.", detail)
        return
    wait = WAITS[min(row.attempts, len(WAITS)) - 1]
    row.state = InboundState.FAILED
    row.reason = f"Attempt {row.attempts} of {MOST_ATTEMPTS} failed; the next follows in {wait} s."
    row.detail = detail[-20_000:].replace("\0", "")
    row.next_attempt_at = Now() + datetime.timedelta(seconds=wait)
    row.claimed_by = None
    row.save()
    tell(row.organisation_id, "inbound", id=row.pk)


def _quarantine(row: InboundEmail, reason: str, detail: str = "") -> None:
    row.state = InboundState.QUARANTINED
    row.reason = f"{reason} The mail is kept; look at it and process it again."
    row.detail = (detail or row.detail)[-20_000:].replace("\0", "")
    row.claimed_by = None
    row.processed_at = timezone.now()
    row.save()
    tell(row.organisation_id, "inbound", id=row.pk)


def _release_held() -> None:
    """Mail for an address that was paused and is no more."""
    held = InboundEmail.objects.filter(state=InboundState.HELD, support_address__is_paused=False)
    held.exclude(hold=Hold.FLOOD).update(state=InboundState.PENDING, attempts=0, next_attempt_at=Now())
