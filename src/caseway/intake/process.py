"""From the ledger to its outcomes: claim some rows, read them without a transaction, deliver them in one.

A claim counts as an attempt before the mail is looked at. A mail that kills its process is thus tried a bounded
number of times, and one that raises an error stands in nobody's way.
"""

from __future__ import annotations

import datetime
import logging
import traceback
from collections.abc import Sequence
from itertools import groupby

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.intake.deliver import IDENTIFIER_LENGTH, Outcome, deliver
from caseway.intake.desk import Desk
from caseway.intake.models import MOST_ATTEMPTS, Hold, InboundEmail, InboundState
from caseway.intake.read import Reading, read
from caseway.intake.settle import settle_uncertain

log = logging.getLogger(__name__)

BATCH = 20
CLAIM_SECONDS = 60
"""How long a claim holds. A process that died in between gives its mails back after that."""
WAITS = (10, 60, 300, 1800)
"""Seconds before attempt two, three, four and five."""


def process_pending() -> int:
    """Process what is due now, a batch at a time; returns how many mails were tried. Any number of processes may."""
    done = 0
    with every_organisation():
        _release_held()
        settle_uncertain()
        while claimed := _claim():
            for organisation_id, rows in groupby(claimed, key=lambda row: row.organisation_id):
                with organisation_scope(organisation_id):
                    _process_batch(organisation_id, list(rows))
            done += len(claimed)
    return done


def _claim() -> list[InboundEmail]:
    with transaction.atomic():
        rows = list(
            InboundEmail.objects.due().select_for_update(skip_locked=True, of=("self",)).select_related("raw")[:BATCH]
        )
        exhausted = [row for row in rows if row.attempts >= MOST_ATTEMPTS]
        for row in exhausted:
            _quarantine(row, "It ended the process that read it, again and again.")
        claimed = [row for row in rows if row not in exhausted]
        until = timezone.now() + datetime.timedelta(seconds=CLAIM_SECONDS)
        InboundEmail.objects.filter(pk__in=[row.pk for row in claimed]).update(
            attempts=F("attempts") + 1, next_attempt_at=until
        )
        for row in claimed:
            row.attempts += 1
    return sorted(claimed, key=lambda row: (row.organisation_id, row.pk))


def _process_batch(organisation_id: int, rows: Sequence[InboundEmail]) -> None:
    desk = Desk.of(organisation_id)
    readings: dict[int, Reading | Exception] = {}
    for row in rows:
        try:
            readings[row.pk] = read(row.raw.content(), desk.own_of(row.mailbox_id))
        except Exception as error:  # a fault of ours must not hold up the others
            readings[row.pk] = error
    try:
        with transaction.atomic():
            _one_at_a_time(organisation_id)
            for row in rows:
                _deliver_one(row, readings[row.pk], desk)
    except Exception:
        if len(rows) == 1:
            log.exception("Mail %s could not be processed", rows[0].pk)
            _fail(rows[0], traceback.format_exc())
            return
        for row in rows:
            _process_batch(organisation_id, [row])


def _one_at_a_time(organisation_id: int) -> None:
    """Mail of one organisation is delivered in turn: a second mail sees the first, a sender has one contact."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, organisation_id % 2**31])


_LOCK = 0x_CA5E


def _deliver_one(row: InboundEmail, reading: Reading | Exception, desk: Desk) -> None:
    still_ours = InboundEmail.objects.select_for_update().filter(
        pk=row.pk, attempts=row.attempts, state__in=[InboundState.PENDING, InboundState.FAILED]
    )
    if not still_ours.exists():
        return
    if isinstance(reading, Exception):
        _fail(row, "".join(traceback.format_exception(reading)))
        return
    try:
        with transaction.atomic():
            outcome = deliver(row, reading, desk)
    except Exception:
        log.exception("Mail %s could not be delivered", row.pk)
        _fail(row, traceback.format_exc(), reading)
    else:
        _record(row, outcome, reading)


def _record(row: InboundEmail, outcome: Outcome, reading: Reading) -> None:
    _describe(row, reading)
    row.state = outcome.state
    row.reason = outcome.reason
    row.detail = ""
    row.message = outcome.message
    row.case = outcome.message.case if outcome.message else None
    row.support_address = outcome.support_address
    row.hold = outcome.hold
    row.processed_at = timezone.now()
    row.save()
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
    row.next_attempt_at = timezone.now() + datetime.timedelta(seconds=wait)
    row.save()
    tell(row.organisation_id, "inbound", id=row.pk)


def _quarantine(row: InboundEmail, reason: str, detail: str = "") -> None:
    row.state = InboundState.QUARANTINED
    row.reason = f"{reason} The mail is kept; look at it and process it again."
    row.detail = (detail or row.detail)[-20_000:].replace("\0", "")
    row.processed_at = timezone.now()
    row.save()
    tell(row.organisation_id, "inbound", id=row.pk)


def _release_held() -> None:
    """Mail for an address that was paused and is no more."""
    held = InboundEmail.objects.filter(state=InboundState.HELD, support_address__is_paused=False)
    held.exclude(hold=Hold.FLOOD).update(state=InboundState.PENDING, attempts=0, next_attempt_at=timezone.now())
