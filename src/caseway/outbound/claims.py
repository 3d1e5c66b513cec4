"""Who is at which mail of the outbox: claims that a dead sender's successor finds, and servers that are busy.

A claim is a lease with a number that grows. Some mails for one server are claimed at once; those that are not handed
over soon are given back. One process talks to a server in one thread at a time, so that a server that stalls keeps a
single thread waiting; after that it rests for a while, and nobody's attempts are spent on it.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Collection, Sequence

from django.db import connection, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, Now

from caseway.accounts import presence
from caseway.accounts.bell import ring
from caseway.accounts.crash_points import reach
from caseway.accounts.more import there_is_more
from caseway.outbound.models import OutboundEmail, OutboundState

LEASE = datetime.timedelta(minutes=15)
"""Longer than a transmission may take by the timeouts of `mailboxes.smtp`. A worker's claims end with the worker."""
AHEAD = 10
"""Mails claimed at once."""
STALL_SECONDS = 5.0
"""A failure that took longer than this comes from a server that keeps senders waiting."""
REST_SECONDS = 60.0

_WHOLE = tuple(field.name for field in OutboundEmail._meta.concrete_fields)


class _Servers:
    """Servers by host ('' is the system's) that this process talks to at the moment, or lets rest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._resting: dict[str, float] = {}

    def unavailable(self) -> list[str]:
        with self._lock:
            now = time.monotonic()
            self._resting = {host: until for host, until in self._resting.items() if until > now}
            return sorted(self._busy | set(self._resting))

    def take(self, host: str) -> bool:
        with self._lock:
            if host in self._busy:
                return False
            self._busy.add(host)
            return True

    def leave(self, host: str) -> None:
        with self._lock:
            self._busy.discard(host)

    def rest(self, host: str) -> None:
        with self._lock:
            self._resting[host] = time.monotonic() + REST_SECONDS

    def forget(self) -> None:
        """Rest is over for all."""
        with self._lock:
            self._resting.clear()


servers = _Servers()


def server_of(row: OutboundEmail) -> str:
    """The host of the server that a claimed row goes through; '' for the system's."""
    return str(getattr(row, "own_server", ""))


def claim(only: Collection[int] | None = None) -> list[OutboundEmail]:
    """The mails that are due longest, all for one server that this process then holds: call `servers.leave` after.

    `only`: ids of those that may be among them.
    """
    with transaction.atomic():
        due = (
            OutboundEmail.objects.due()
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("raw", "case")
            .only(*_WHOLE, *(f"case__{name}" for name in ("number", "organisation")))
            .annotate(own_server=Coalesce("mailbox__smtp_host", Value("")))
        )
        if only is not None:
            due = due.filter(pk__in=only)
        if unavailable := servers.unavailable():
            due = due.exclude(own_server__in=unavailable)
        found = list(due[:AHEAD])
        if not found or not servers.take(server_of(found[0])):
            return []
        rows = [row for row in found if server_of(row) == server_of(found[0])]
        is_more = len(rows) < len(found) or len(found) == AHEAD
        try:
            _mark(rows)
        except BaseException:
            servers.leave(server_of(rows[0]))
            raise
    reach("send:claimed")
    if is_more:
        there_is_more()
    return rows


def _mark(rows: Sequence[OutboundEmail]) -> None:
    OutboundEmail.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=OutboundState.SENDING,
        lease_until=Now() + LEASE,
        lease_number=F("lease_number") + 1,
        attempts=F("attempts") + 1,
        claimed_by=presence.number(),
        handed_over_at=None,
    )
    for row in rows:
        row.state, row.handed_over_at = OutboundState.SENDING, None
        row.lease_number += 1
        row.attempts += 1


def give_back(rows: Sequence[OutboundEmail]) -> None:
    """Claimed and not begun: due again, and the attempt does not count."""
    for row in rows:
        _held(row).update(state=OutboundState.QUEUED, attempts=F("attempts") - 1, lease_until=None, claimed_by=None)
    if rows:
        ring("outbound")


class TakenOverError(Exception):
    """Somebody else has this mail by now: it must not be sent here."""


def hand_over(row: OutboundEmail) -> None:
    """The last moment to stop. Committed, so that whoever finds the row later knows that the dot may have followed.

    Raises TakenOverError.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbound_outboundemail SET handed_over_at = now() "
            "WHERE id = %s AND lease_number = %s AND state = 'sending'",
            [row.pk, row.lease_number],
        )
        if cursor.rowcount != 1:
            raise TakenOverError
    reach("send:handing-over")


def take_over() -> list[OutboundEmail]:
    """What a sender has left behind: to be sent again when its last dot was not sent, else uncertain.

    Returns the rows that changed.
    """
    changed = []
    for row in OutboundEmail.objects.abandoned()[:100]:
        left = _held(row).filter(claimed_by=row.claimed_by)
        with transaction.atomic():
            # A growing number stops the sender, should it live after all: it asks for it before the last dot.
            if left.filter(handed_over_at=None).update(
                state=OutboundState.QUEUED,
                lease_number=F("lease_number") + 1,
                lease_until=None,
                claimed_by=None,
                send_at=Now(),
            ) or left.update(
                # The same number: its word, should it still come, is worth more than this.
                state=OutboundState.UNCERTAIN,
                lease_until=None,
                claimed_by=None,
                server_words="The process that was sending it ended before the server's answer was written down.",
            ):
                ring("outbound")
                changed.append(row)
    return changed


def _held(row: OutboundEmail) -> QuerySet[OutboundEmail]:
    return OutboundEmail.objects.filter(pk=row.pk, state=OutboundState.SENDING, lease_number=row.lease_number)
