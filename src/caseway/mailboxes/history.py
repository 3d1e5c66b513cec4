"""Reading the part of a folder that lay there before its mailbox was connected, and single messages of it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from caseway.mailboxes import imap
from caseway.mailboxes.errors import Temporary
from caseway.mailboxes.fetched import Fetched
from caseway.mailboxes.folder import CLOCK_MARGIN, WINDOW, Deliver, FolderReader, database
from caseway.mailboxes.models import FolderCursor, Mailbox


@dataclass(frozen=True, slots=True)
class Batch:
    """Some messages to fetch together."""

    messages: list[imap.Summary]
    seen: int
    """Messages that are done with when it is kept: those in it and those that were passed over before."""
    last_uid: int


class PastReader(FolderReader):
    """Messages at or below the live reader's cursor. It moves no cursor and changes nothing on the server."""

    def __init__(self, mailbox: Mailbox, name: str, deliver: Deliver) -> None:
        super().__init__(mailbox, name, deliver, lambda: False)
        self.cursor = FolderCursor()

    @property
    def uidvalidity(self) -> int:
        return self._uidvalidity

    def open(self, connection: imap.Imap) -> None:
        """Open the folder. Raises Temporary while the watcher has not looked into it yet, else MailboxError."""
        folder = connection.examine(self.name)
        with database(self.mailbox):
            cursor = FolderCursor.objects.filter(
                mailbox=self.mailbox, folder=self.name, uidvalidity=folder.uidvalidity
            ).first()
        if cursor is None:
            raise Temporary(f"The folder “{self.name}” is not watched yet.", "This goes on once it is.")
        self.cursor = cursor
        self._uidvalidity = cursor.uidvalidity

    def _after(self, server: imap.Imap, uids: list[int]) -> None:
        """Marking, moving and deleting are for new mail."""


class HistoryReader(PastReader):
    """What lay in the folder before the mailbox was connected: its messages send nothing."""

    def uids(self, server: imap.Imap, since: dt.date | None, after: int) -> list[int]:
        """Those of history above `after`, in order; with `since` those that arrived on that day or later."""
        newest = max(self.cursor.start_uid - 1, self.cursor.rescan_to)
        found = server.uids_since(since) if since else server.uids_from(after + 1)
        return [uid for uid in found if after < uid <= newest]

    def batches(self, server: imap.Imap, since: dt.date | None, after: int) -> Iterator[Batch]:
        """What there is above `after`, in order."""
        uids = self.uids(server, since, after)
        for start in range(0, len(uids), WINDOW):
            window = uids[start : start + WINDOW]
            summaries = self._summaries(server, window)
            done = 0
            for batch in self._batches([summaries[uid] for uid in window if uid in summaries]):
                upto = window.index(batch[-1].uid) + 1
                yield Batch(batch, upto - done, batch[-1].uid)
                done = upto
            if done < len(window):  # gone meanwhile, or the live reader's
                yield Batch([], len(window) - done, window[-1])

    def keep(self, server: imap.Imap, batch: Batch) -> int:
        """Fetch and deliver; returns how many were delivered."""
        return self._keep(server, batch.messages) if batch.messages else 0

    def _is_history(self, one: imap.Summary) -> bool:
        """What the live reader takes is passed over: after new UIDs were given out, what came since the connection."""
        return one.uid >= self.cursor.start_uid and one.received_at >= self.cursor.started_at - CLOCK_MARGIN

    def _fetched(self, one: imap.Summary, raw: bytes, *, size_on_server: int = 0, fault: str = "") -> Fetched:
        found = super()._fetched(one, raw, size_on_server=size_on_server, fault=fault)
        return replace(found, is_history=True)


class MissingReader(PastReader):
    """Messages that ought to be in the ledger and are not."""

    def expected(self, server: imap.Imap, first: int, last: int) -> list[int]:
        """UIDs from `first` to `last` on the server that count as new mail, in order."""
        first = max(first, self.cursor.start_uid)
        uids = [uid for uid in server.uids_from(first) if uid <= last]
        doubtful = [uid for uid in uids if uid <= self.cursor.rescan_to]
        history: set[int] = set()
        for start in range(0, len(doubtful), WINDOW):
            summaries = server.summaries(doubtful[start : start + WINDOW])
            before = self.cursor.started_at - CLOCK_MARGIN
            history |= {uid for uid, one in summaries.items() if one.received_at < before}
        return [uid for uid in uids if uid not in history]

    def fetch(self, server: imap.Imap, uids: Sequence[int]) -> int:
        """Fetch and deliver them; returns how many were delivered."""
        kept = 0
        for start in range(0, len(uids), WINDOW):
            summaries = self._summaries(server, list(uids[start : start + WINDOW]))
            for batch in self._batches([summaries[uid] for uid in uids[start : start + WINDOW] if uid in summaries]):
                kept += self._keep(server, batch)
        return kept
