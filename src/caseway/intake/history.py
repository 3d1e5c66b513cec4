"""Importing what lay in a mailbox before it was connected: beside live mail, a slice at a time, resumable.

The ledger's unique key makes repeats harmless, so the position may lag behind what was kept: after a crash at most one
batch is fetched again. Imported mail is processed after new mail, and is never acknowledged.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.intake.models import InboundEmail, InboundState
from caseway.intake.receive import receive
from caseway.intake.records import UNFINISHED, HistoryImport, WorkState
from caseway.mailboxes import imap
from caseway.mailboxes.diagnosis import may_manage
from caseway.mailboxes.errors import LeaseLostError, LoginRefusedError, MailboxError, Refused
from caseway.mailboxes.fetched import Fetched
from caseway.mailboxes.history import HistoryReader
from caseway.mailboxes.models import Mailbox, MailboxState

log = logging.getLogger("caseway.history")

SLICE_SECONDS = 5.0
"""Then the next import has its turn, and a worker that shall stop can."""
LEASE = dt.timedelta(seconds=60)
"""Renewed with every batch; after a killed worker another goes on when it has run out."""
MOST_WAITING = 200
"""Imported mails that may wait to be processed; beyond it nothing more is fetched."""
WAITS = (5, 15, 60, 300, 900)
"""Seconds after a failure."""
MOST_FAILURES = 30


class ImportRunsError(Exception):
    """An import of this mailbox is not finished yet."""


def request(mailbox: Mailbox, since: dt.date | None, *, by: Employee) -> HistoryImport:
    """Ask for an import; `since` is a day, None means everything.

    Raises PermissionDenied, PlanError, ImportRunsError, or ValueError for a day that has not come yet.
    """
    may_manage(by, mailbox.organisation)
    return start(mailbox, since, by=by)


def start(mailbox: Mailbox, since: dt.date | None, *, by: Employee | None) -> HistoryImport:
    """The same for the operator's command line, who needs nobody's leave."""
    if since is not None and since > timezone.localdate() + dt.timedelta(days=1):
        raise ValueError(_("That day has not come yet."))
    try:
        with transaction.atomic():
            asked = HistoryImport.objects.create(
                organisation_id=mailbox.organisation_id, mailbox=mailbox, since=since, requested_by=by
            )
            ring("history")
            tell(mailbox.organisation_id, "mailbox.health", id=mailbox.pk)
    except IntegrityError:
        raise ImportRunsError(
            _("The history of %(address)s is being imported already.") % {"address": mailbox.address}
        ) from None
    return asked


def latest_imports(organisation_id: int) -> dict[int, HistoryImport]:
    """For each mailbox its import: the one that runs, or one that ended within the last day."""
    recent = timezone.now() - dt.timedelta(days=1)
    rows = HistoryImport.objects.filter(organisation_id=organisation_id).filter(
        Q(state__in=UNFINISHED) | Q(finished_at__gte=recent)
    )
    return {row.mailbox_id: row for row in rows.order_by("pk")}


def cancel(asked: HistoryImport, *, by: Employee) -> None:
    """Stop an import; what was imported stays. Raises PermissionDenied."""
    if not by.is_administrator or by.organisation_id != asked.organisation_id:
        raise PermissionDenied(_("Only administrators stop an import."))
    with transaction.atomic():
        HistoryImport.objects.filter(pk=asked.pk, state__in=UNFINISHED).update(
            state=WorkState.CANCELLED, finished_at=timezone.now()
        )
        tell(asked.organisation_id, "mailbox.health", id=asked.mailbox_id)


def run_slice() -> int:
    """Import for some seconds; returns 1 when there was something to do, else 0. Any number of processes may."""
    asked = _claim()
    if asked is None:
        return 0
    with organisation_scope(asked.organisation_id):
        try:
            _Slice(asked).run()
        except LeaseLostError:
            _release(asked)  # the watcher changed hands: its next number is read in the next slice
        except MailboxError as error:
            _failed(asked, error)
    return 1


def _claim() -> HistoryImport | None:
    with every_organisation(), transaction.atomic():
        due = HistoryImport.objects.filter(
            state__in=UNFINISHED,
            lease_until__lte=Now(),
            mailbox__state=MailboxState.ACTIVE,
            mailbox__deleted_at=None,
        )
        asked = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("mailbox", "mailbox__organisation")
            .order_by("lease_until", "pk")
            .first()
        )
        if asked is not None:
            asked.lease_number += 1
            asked.state, asked.lease_until = WorkState.RUNNING, Now() + LEASE
            asked.save(update_fields=["lease_number", "state", "lease_until"])
        return asked


class _Slice:
    """Some seconds of one import."""

    def __init__(self, asked: HistoryImport) -> None:
        self.asked = asked
        self.mailbox = asked.mailbox
        self.until = time.monotonic() + SLICE_SECONDS
        self._new = 0

    def run(self) -> None:
        if self._is_backlog_long():
            _release(self.asked, wait=dt.timedelta(seconds=1))
            return
        server = imap.open_connection(self.mailbox.imap_host, self.mailbox.imap_port, self.mailbox.imap_security)
        try:
            server.login(self.mailbox.login, self.mailbox.password)
            readers = [HistoryReader(self.mailbox, name, self._receive) for name in self.mailbox.watched_folders]
            if self.asked.total is None:
                self._count(server, readers)
            is_done = all(self._folder(server, reader) for reader in readers)
        finally:
            server.close()
        _release(self.asked, is_done=is_done)

    def _count(self, server: imap.Imap, readers: list[HistoryReader]) -> None:
        total = 0
        for reader in readers:
            reader.open(server)
            total += len(reader.uids(server, self.asked.since, after=0))
        self.asked.total = total
        self._write(total=total)

    def _folder(self, server: imap.Imap, reader: HistoryReader) -> bool:
        """Go on in one folder; whether it is finished."""
        reader.open(server)
        known = self.asked.position.get(reader.name) or [reader.uidvalidity, 0]
        after = known[1] if known[0] == reader.uidvalidity else 0  # new UIDs: what is known is recognised
        for batch in reader.batches(server, self.asked.since, after):
            if time.monotonic() > self.until or not self._waits_for_room():
                return False
            self._new = 0
            reader.keep(server, batch)
            self.asked.position[reader.name] = [reader.uidvalidity, batch.last_uid]
            self._write(position=self.asked.position, seen=F("seen") + batch.seen, kept=F("kept") + self._new)
            if time.monotonic() > self.until:
                return False
        return True

    def _receive(self, mailbox: Mailbox, fetched: Sequence[Fetched]) -> None:
        self._new += receive(mailbox, fetched)

    def _waits_for_room(self) -> bool:
        """Whether there is room for more within this slice."""
        while self._is_backlog_long():
            if time.monotonic() > self.until:
                return False
            connection.close()
            time.sleep(0.1)
        return True

    def _is_backlog_long(self) -> bool:
        waiting = InboundEmail.objects.filter(
            mailbox=self.mailbox, is_history=True, state=InboundState.PENDING, attempts=0
        )
        return waiting[:MOST_WAITING].count() >= MOST_WAITING

    def _write(self, **values: object) -> None:
        """Progress, while the claim is ours; it also prolongs it. Raises LeaseLostError when it is not."""
        with transaction.atomic():
            held = HistoryImport.objects.filter(
                pk=self.asked.pk, lease_number=self.asked.lease_number, state=WorkState.RUNNING
            )
            if not held.update(lease_until=Now() + LEASE, attempts=0, words="", **values):
                raise LeaseLostError("The import was stopped or taken over.")
            tell(self.asked.organisation_id, "mailbox.health", id=self.mailbox.pk)
        connection.close()  # no connection to the database is held while the server is waited for


def _release(asked: HistoryImport, *, is_done: bool = False, wait: dt.timedelta = dt.timedelta()) -> None:
    held = HistoryImport.objects.filter(pk=asked.pk, lease_number=asked.lease_number, state=WorkState.RUNNING)
    with transaction.atomic():
        if is_done:
            held.update(state=WorkState.DONE, finished_at=timezone.now(), words="")
            log.info("%s: its history is imported", asked.mailbox.address)
        else:
            held.update(lease_until=Now() + wait)
        tell(asked.organisation_id, "mailbox.health", id=asked.mailbox_id)


def _failed(asked: HistoryImport, error: MailboxError) -> None:
    """Tried again with growing pauses; a refused login or a missing folder is for a person."""
    words = " ".join(part for part in (str(error), error.server_words) if part)[:2000]
    log.warning("%s: its history cannot be imported now: %s", asked.mailbox.address, words)
    asked.refresh_from_db(fields=["attempts"])
    is_final = asked.attempts + 1 >= MOST_FAILURES or isinstance(error, LoginRefusedError | Refused)
    values = {"attempts": asked.attempts + 1, "words": words}
    with transaction.atomic():
        held = HistoryImport.objects.filter(pk=asked.pk, lease_number=asked.lease_number, state=WorkState.RUNNING)
        if is_final:
            held.update(state=WorkState.FAILED, finished_at=timezone.now(), **values)
        else:
            wait = WAITS[min(asked.attempts, len(WAITS) - 1)]
            held.update(lease_until=Now() + dt.timedelta(seconds=wait), **values)
        tell(asked.organisation_id, "mailbox.health", id=asked.mailbox_id)
