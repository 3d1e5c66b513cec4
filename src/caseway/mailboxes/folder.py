"""Reading one folder of a mailbox from where it was left, without a gap and without a repeat.

The cursor is (mailbox, folder, UIDVALIDITY, UID): neither flags nor dates decide what is new. It moves when the
messages are kept, in the same transaction (`deliver`), so a crash in between fetches them again.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from caseway.accounts.crash_points import reach
from caseway.accounts.scope import organisation_scope
from caseway.mailboxes import imap, lease
from caseway.mailboxes.errors import LeaseLostError, MailboxError, NotHandedOverError, Refused, Temporary
from caseway.mailboxes.excerpt import beginning, placeholder
from caseway.mailboxes.fetched import Fetched
from caseway.mailboxes.models import AfterProcessing, FolderCursor, Mailbox

log = logging.getLogger("caseway.watch")

Deliver = Callable[[Mailbox, Sequence[Fetched]], object]

WINDOW = 500
"""UIDs whose sizes are asked for at once."""
BATCH_COUNT = 50
BATCH_BYTES = 8 * 1024 * 1024
MOST_TRIES = 5
"""Failures after which a placeholder stands in for a message that the server does not hand over."""
_slots = threading.BoundedSemaphore(10)
"""Threads that use the database at once: a thousand that come back together wait here, not in the pool's timeout."""
RESCAN_MARGIN = dt.timedelta(days=1)
"""SINCE counts whole days, in the server's time zone."""
CLOCK_MARGIN = dt.timedelta(hours=1)
"""How far the server's clock may be from ours when it is asked whether a message came before the connection."""


@contextmanager
def database(mailbox: Mailbox) -> Iterator[None]:
    """The mailbox's organisation, and the connection given back to the pool afterwards: threads wait for days."""
    with _slots:
        try:
            with organisation_scope(mailbox.organisation_id):
                yield
        finally:
            if not connection.in_atomic_block:
                connection.close()


class FolderReader:
    """One folder of one mailbox, over as many connections as it takes. Used by one thread."""

    def __init__(self, mailbox: Mailbox, name: str, deliver: Deliver, stopped: Callable[[], bool]) -> None:
        self.mailbox = mailbox
        self.name = name
        self._deliver = deliver
        self._stopped = stopped
        self._uidvalidity = 0
        self._next = 0
        self._history: tuple[int, dt.datetime] | None = None
        self._tries: Counter[int] = Counter()
        self._careful_to = 0
        self._unsettled: list[int] = []

    def open(self, connection: imap.Imap) -> None:
        """Open the folder and find where to go on. Raises MailboxError."""
        folder = connection.examine(self.name)
        if folder.uidvalidity == self._uidvalidity:
            return
        cursor = self._cursor(folder, connection)
        if cursor.uidvalidity != self._uidvalidity:
            self._tries.clear()
            self._careful_to = 0
        self._uidvalidity = cursor.uidvalidity
        self._unsettled = list(cursor.unsettled)
        self._next = max(cursor.last_uid + 1, cursor.start_uid)
        self._history = (cursor.rescan_to, cursor.started_at - CLOCK_MARGIN) if cursor.rescan_to else None

    def look(self, connection: imap.Imap) -> int:
        """Keep everything that is new; returns how many messages. The folder is open. Raises MailboxError."""
        connection.hint()  # forgotten before the list is asked for: what comes during the look causes another
        self._settle(connection)  # what an earlier process or connection did not get to
        uids = connection.uids_from(self._next)
        kept = 0
        for start in range(0, len(uids), WINDOW):
            window = uids[start : start + WINDOW]
            summaries = self._summaries(connection, window)
            for batch in self._batches([summaries[uid] for uid in window if uid in summaries]):
                if self._stopped():
                    return kept
                kept += self._keep(connection, batch)
            self._next = window[-1] + 1
        return kept

    def _cursor(self, folder: imap.Folder, server: imap.Imap) -> FolderCursor:
        with database(self.mailbox):
            known = FolderCursor.objects.filter(mailbox=self.mailbox, folder=self.name).order_by("-id")
            cursor = known.filter(uidvalidity=folder.uidvalidity).first()
            older = None if cursor else known.first()
        if cursor:
            return cursor
        return start_cursor(self.mailbox, folder, server, older)

    def _summaries(self, server: imap.Imap, uids: list[int]) -> dict[int, imap.Summary]:
        found = server.summaries(uids)
        for uid in uids:
            if uid not in found:  # QUIRK: FETCH yields nothing although the message is there; asked alone it comes
                found.update(server.summaries([uid]))
        missing = [uid for uid in uids if uid not in found]
        if missing:
            there = set(server.uids_from(missing[0]))
            now = dt.datetime.now(dt.UTC)
            found |= {uid: imap.Summary(uid, 0, now) for uid in missing if uid in there}
        return found

    def _batches(self, summaries: list[imap.Summary]) -> Iterator[list[imap.Summary]]:
        batch: list[imap.Summary] = []
        for one in summaries:
            if self._is_history(one):
                continue
            alone = one.size > imap.PIECE or one.uid <= self._careful_to
            full = len(batch) >= BATCH_COUNT or sum(other.size for other in batch) + one.size > BATCH_BYTES
            if batch and (alone or full):
                yield batch
                batch = []
            batch.append(one)
            if alone:
                yield batch
                batch = []
        if batch:
            yield batch

    def _is_history(self, one: imap.Summary) -> bool:
        """After new UIDs were given out: what lay there before the mailbox was connected stays history."""
        return self._history is not None and one.uid <= self._history[0] and one.received_at < self._history[1]

    def _keep(self, server: imap.Imap, batch: list[imap.Summary]) -> int:
        """Fetch, deliver, then do with the originals what the mailbox's settings say."""
        try:
            fetched, failure = self._fetch(server, batch)
        except MailboxError:
            self._careful_to = batch[-1].uid  # next time one by one: only the culprit waits
            raise
        if fetched:
            reach("fetch:received")
            with database(self.mailbox):
                self._deliver(self.mailbox, fetched)
            self._next = fetched[-1].uid + 1
            self._unsettled += [one.uid for one in fetched if one.is_whole]
            self._settle(server)
        if failure:
            raise failure
        return len(fetched)

    def _fetch(self, server: imap.Imap, batch: list[imap.Summary]) -> tuple[list[Fetched], MailboxError | None]:
        """The messages of the batch in order, up to the first that could not be had, and why it could not."""
        found: dict[int, bytes] = {}
        if len(batch) > 1:
            try:
                found = server.contents([one.uid for one in batch], sum(one.size for one in batch))
            except NotHandedOverError:
                log.info("%s: fetching one by one", self.mailbox.address)
        fetched: list[Fetched] = []
        for one in batch:
            raw = found.get(one.uid)
            if raw is not None:
                fetched.append(self._fetched(one, raw))
                continue
            try:
                single = self._fetch_alone(server, one)
            except MailboxError as error:
                self._tries[one.uid] += 1
                return fetched, error
            if single is not None:
                fetched.append(single)
        return fetched, None

    def _fetch_alone(self, server: imap.Imap, one: imap.Summary) -> Fetched | None:
        if self._tries[one.uid] >= MOST_TRIES:
            log.warning("%s: UID %s of %s was not handed over", self.mailbox.address, one.uid, self.name)
            return self._fetched(one, placeholder(self.mailbox.address, self.name, one), fault="not handed over")
        largest = int(settings.CASEWAY_LARGEST_MAIL)
        if one.size > largest:
            head = server.content(one.uid, 1024 * 1024, self._stopped)
            return None if head is None else self._fetched(one, beginning(head), size_on_server=one.size)
        raw = server.content(one.uid, largest + 1, self._stopped)
        if raw:
            whole = len(raw) <= largest  # the server's own figure may be wrong
            return self._fetched(one, raw) if whole else self._fetched(one, beginning(raw), size_on_server=len(raw))
        if one.uid in server.uids_from(one.uid)[:1]:
            raise Temporary("The server did not hand over a message.", "Caseway tries again by itself.")
        return None  # gone: somebody deleted it between the list and the fetch

    def _fetched(self, one: imap.Summary, raw: bytes, *, size_on_server: int = 0, fault: str = "") -> Fetched:
        return Fetched(
            folder=self.name,
            uidvalidity=self._uidvalidity,
            uid=one.uid,
            raw=raw,
            received_at=one.received_at,
            size_on_server=size_on_server,
            fault=fault,
        )

    def _settle(self, server: imap.Imap) -> None:
        """Marking, moving, deleting: only where the mailbox's settings ask for it, and only what was kept as a whole.

        What it is to be done with is written down with the mail and crossed out here: a crash in between repeats it.
        """
        action, uids = self.mailbox.after_processing, self._unsettled
        if action == AfterProcessing.LEAVE or not uids:
            return
        reach("mark:before")
        server.examine(self.name, writing=True)
        try:
            if action == AfterProcessing.MARK_READ:
                server.mark_read(uids)
            elif action == AfterProcessing.MOVE:
                server.move(uids, self.mailbox.move_to_folder)
            elif action == AfterProcessing.DELETE:
                server.delete(uids)
        except NotHandedOverError as error:
            log.warning("%s: %s: %s", self.mailbox.address, error.cause, error.server_words)
        reach("mark:after")
        server.examine(self.name)
        self._unsettled = []
        with database(self.mailbox):
            cursor = FolderCursor.objects.filter(mailbox=self.mailbox, folder=self.name, uidvalidity=self._uidvalidity)
            cursor.update(unsettled=[])


def start_cursor(mailbox: Mailbox, folder: imap.Folder, server: imap.Imap, older: FolderCursor | None) -> FolderCursor:
    """The cursor of a folder that has none under this UIDVALIDITY.

    A folder that was never read starts from now. One whose UIDVALIDITY changed is read again from the time when it
    was connected; what the ledger has already is recognised there.
    """
    first, started_at, rescan_to = folder.uidnext, None, 0
    if older is not None:
        log.warning("%s: %s has a new UIDVALIDITY; reading it again", mailbox.address, folder.name)
        since = server.uids_since((older.started_at - RESCAN_MARGIN).date())
        first, started_at, rescan_to = min(since, default=folder.uidnext), older.started_at, folder.uidnext - 1
    values = {"start_uid": first, "last_uid": first - 1, "rescan_to": rescan_to}
    with database(mailbox), transaction.atomic():
        if not lease.is_held(mailbox):
            raise LeaseLostError(f"{mailbox.address} is read by another process now.")
        cursor, _ = FolderCursor.objects.get_or_create(
            organisation_id=mailbox.organisation_id,
            mailbox=mailbox,
            folder=folder.name,
            uidvalidity=folder.uidvalidity,
            defaults={**values, "started_at": started_at or Now()},
        )
    return cursor


def open_folders(server: imap.Imap, readers: Sequence[FolderReader]) -> tuple[list[FolderReader], MailboxError | None]:
    """Open each once. Returns those that exist, and what to say of the first that does not."""
    opened: list[FolderReader] = []
    missing: MailboxError | None = None
    for reader in readers:
        try:
            reader.open(server)
        except Refused as error:
            missing = missing or missing_folder(reader.name, [name for name, _ in server.folders()], error.server_words)
        else:
            opened.append(reader)
    return opened, missing


def missing_folder(name: str, existing: Sequence[str], words: str) -> Refused:
    """A folder cannot be opened: say which there are."""
    shown = ", ".join(f"“{one[:60]}”" for one in existing[:20])
    more = f" and {len(existing) - 20} more" if len(existing) > 20 else ""
    return Refused(
        f"The account has no folder “{name}”.",
        f"Choose one of those that exist: {shown}{more}." if shown else "Choose a folder that exists.",
        words,
    )
