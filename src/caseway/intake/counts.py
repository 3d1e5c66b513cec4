"""Reconciliation: what the server holds against what the ledger says, for each mailbox every hour and each day a line.

A day's messages are those with UIDs above the last one kept before that day began. UIDs only grow (RFC 9051 2.3.1.1),
so every message falls into exactly one day, whatever its dates say. What the server holds and the ledger does not is
fetched again, and an alarm tells of it. The check has a connection of its own: it does not rely on the watcher.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.intake.models import InboundEmail, InboundState
from caseway.intake.receive import receive
from caseway.intake.records import DailyCount
from caseway.mailboxes import imap
from caseway.mailboxes.errors import LeaseLostError, MailboxError
from caseway.mailboxes.folder import database
from caseway.mailboxes.history import MissingReader
from caseway.mailboxes.models import Mailbox, MailboxState

log = logging.getLogger("caseway.counts")

EVERY = dt.timedelta(hours=1)
AGAIN = dt.timedelta(minutes=10)
"""A check that failed is begun anew after this."""
SHOWN_FOR = dt.timedelta(days=14)
OUTCOMES = {
    InboundState.DELIVERED: "in_cases",
    InboundState.IGNORED: "ignored",
    InboundState.QUARANTINED: "quarantined",
    InboundState.PENDING: "waiting",
    InboundState.FAILED: "waiting",
    InboundState.HELD: "waiting",
}


@dataclass
class Tally:
    """One day of one mailbox, over its folders."""

    on_server: int = 0
    gone: int = 0
    missing: int = 0
    recovered: int = 0
    states: Counter[str] = field(default_factory=Counter)


def count_due() -> int:
    """Check one mailbox whose last check is an hour old; returns how many were checked (0 or 1)."""
    mailbox = _claim()
    if mailbox is None:
        return 0
    with organisation_scope(mailbox.organisation_id):
        try:
            count(mailbox)
        except (MailboxError, LeaseLostError) as error:
            log.info("%s cannot be counted now: %s", mailbox.address, error)
            Mailbox.objects.filter(pk=mailbox.pk).update(counted_at=Now() - (EVERY - AGAIN))
    return 1


def count(mailbox: Mailbox) -> list[DailyCount]:
    """Check `mailbox` now, in its organisation's scope. Returns the days' rows; today's comes last.

    The first check of a day also closes the day before, and looks at everything since the connection.
    Raises MailboxError.
    """
    now = timezone.now()
    zone = ZoneInfo(mailbox.organisation.time_zone)
    today = now.astimezone(zone).date()
    known = DailyCount.objects.filter(mailbox=mailbox)
    is_first = not known.filter(day=today, checked_at__gt=_start(today, zone)).exists()
    days = [today]
    yesterday = known.filter(day=today - dt.timedelta(days=1)).first()
    if is_first and yesterday is not None:
        days.insert(0, yesterday.day)
    tallies = {day: Tally() for day in days}
    server = imap.open_connection(mailbox.imap_host, mailbox.imap_port, mailbox.imap_security)
    try:
        server.login(mailbox.login, mailbox.password)
        for name in mailbox.watched_folders:
            reader = MissingReader(mailbox, name, receive)
            reader.open(server)
            if is_first:
                _recover(server, reader, reader.cursor.start_uid, reader.cursor.last_uid, tallies[today])
            for day in days:
                with database(mailbox):
                    first, last = _range(reader, _start(day, zone), _start(day + dt.timedelta(days=1), zone))
                _recover(server, reader, first, last, tallies[day])
                _count(server, reader, first, last, tallies[day])
    finally:
        server.close()
    return [_save(mailbox, day, tally) for day, tally in tallies.items()]


def _claim() -> Mailbox | None:
    """The watched mailbox whose last check is oldest, marked as checked now."""
    with every_organisation(), transaction.atomic():
        watched = Mailbox.objects.filter(state=MailboxState.ACTIVE, deleted_at=None).exclude(watched_by="")
        due = watched.filter(Q(counted_at=None) | Q(counted_at__lte=Now() - EVERY)).select_related("organisation")
        mailbox = due.select_for_update(skip_locked=True, of=("self",)).order_by("counted_at", "pk").first()
        if mailbox is not None:
            Mailbox.objects.filter(pk=mailbox.pk).update(counted_at=Now())
        return mailbox


def _start(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone)


def _rows(reader: MissingReader) -> QuerySet[InboundEmail]:
    """The ledger of the folder, imports of history left out."""
    return InboundEmail.objects.filter(
        mailbox=reader.mailbox, folder=reader.name, uidvalidity=reader.uidvalidity, is_history=False
    )


def _range(reader: MissingReader, begins: dt.datetime, ends: dt.datetime) -> tuple[int, int]:
    """First and last UID of the time between; up to the live reader's cursor when it is not over."""

    def last_before(moment: dt.datetime) -> int:
        found = _rows(reader).filter(kept_at__lt=moment).aggregate(last=Max("uid"))["last"]
        return max(found or 0, reader.cursor.start_uid - 1)

    is_over = ends <= timezone.now()
    return last_before(begins) + 1, last_before(ends) if is_over else reader.cursor.last_uid


def _compare(server: imap.Imap, reader: MissingReader, first: int, last: int) -> tuple[set[int], dict[int, str]]:
    """UIDs on the server, and state by UID in the ledger. The ledger is read second: it only grows."""
    on_server = set(reader.expected(server, first, last))
    with database(reader.mailbox):
        rows = _rows(reader).filter(uid__gte=first, uid__lte=last).values_list("uid", "state")
        return on_server, {uid: state for uid, state in rows if uid is not None}


def _recover(server: imap.Imap, reader: MissingReader, first: int, last: int, tally: Tally) -> None:
    """Fetch what the ledger lacks."""
    on_server, kept = _compare(server, reader, first, last)
    missing = sorted(on_server - kept.keys())
    if missing:
        log.error("%s: %s messages of %s were missing", reader.mailbox.address, len(missing), reader.name)
        tally.recovered += reader.fetch(server, missing)


def _count(server: imap.Imap, reader: MissingReader, first: int, last: int, tally: Tally) -> None:
    on_server, kept = _compare(server, reader, first, last)
    tally.on_server += len(on_server)
    tally.missing += len(on_server - kept.keys())
    tally.gone += len(kept.keys() - on_server)
    for uid in on_server & kept.keys():
        tally.states[OUTCOMES[InboundState(kept[uid])]] += 1


def _save(mailbox: Mailbox, day: dt.date, tally: Tally) -> DailyCount:
    """The day's line. What was recovered adds up over the day."""
    with database(mailbox), transaction.atomic():
        row, _ = DailyCount.objects.select_for_update(of=("self",)).get_or_create(
            organisation_id=mailbox.organisation_id, mailbox=mailbox, day=day
        )
        row.on_server, row.missing, row.gone = tally.on_server, tally.missing, tally.gone
        row.recovered += tally.recovered
        for name in ("in_cases", "ignored", "quarantined", "waiting"):
            setattr(row, name, tally.states[name])
        row.checked_at = timezone.now()
        row.save()
        tell(mailbox.organisation_id, "mailbox.health", id=mailbox.pk)
    return row


def latest_lines(organisation_id: int) -> list[DailyCount]:
    """The lines of the last two weeks, latest first."""
    since = timezone.now() - SHOWN_FOR
    rows = DailyCount.objects.filter(organisation_id=organisation_id, checked_at__gt=since, mailbox__deleted_at=None)
    return list(rows.select_related("mailbox").order_by("-day", "mailbox__address")[:200])


def lines_by_mailbox(organisation_id: int) -> dict[int, list[DailyCount]]:
    """The same for each mailbox."""
    found: dict[int, list[DailyCount]] = {}
    for row in latest_lines(organisation_id):
        found.setdefault(row.mailbox_id, []).append(row)
    return found
