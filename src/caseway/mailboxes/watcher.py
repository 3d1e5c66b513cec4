"""The thread that reads one mailbox: connects, keeps what is new, waits for more, and recovers by itself."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.db.utils import Error as DatabaseError
from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.space import is_used_up
from caseway.mailboxes import imap
from caseway.mailboxes.errors import (
    LeaseLostError,
    LoginRefusedError,
    MailboxError,
    NoRoomError,
    NotHandedOverError,
    Refused,
    Temporary,
)
from caseway.mailboxes.folder import Deliver, FolderReader, database, open_folders
from caseway.mailboxes.models import Mailbox, MailboxState

log = logging.getLogger("caseway.watch")

Alarm = Callable[[Mailbox], object]

IDLE_SECONDS = 240.0
"""IDLE is issued anew this often: routers forget silent connections, and some servers never notify."""
SWEEP_SECONDS = 15.0
"""IDLE hears of one folder only: the others are asked for their UIDNEXT this often."""
CHECKED_SECONDS = 30.0
"""`checked_at` is written at most this often."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
REFUSED_PAUSE = 60.0
"""Least pause after what only a person can mend, such as a missing folder."""
LOGIN_TRIES = 2
"""A refused login is tried once more before the mailbox stops: providers refuse right passwords now and then."""
LOGIN_PAUSE = 3.0

_connecting = threading.BoundedSemaphore(32)
"""After a server's restart a thousand mailboxes come back in turn, not at once."""

WATCHED_FIELDS = (
    "login", "password", "imap_host", "imap_port", "imap_security", "folders", "after_processing", "move_to_folder",
)  # fmt: skip


class Watcher:
    """Reads one mailbox in a thread of its own, from `start` to `stop`."""

    def __init__(self, mailbox: Mailbox, deliver: Deliver, alarm: Alarm | None = None) -> None:
        self.mailbox = mailbox
        self._alarm = alarm
        self._stop = threading.Event()
        self._connection: imap.Imap | None = None
        self._readers = [FolderReader(mailbox, name, deliver, self._stop.is_set) for name in mailbox.watched_folders]
        self._missing: MailboxError | None = None
        self._opened = self._swept = 0.0
        self._news: dict[str, tuple[int, int]] = {}
        self._failures = 0
        self._login_refusals = 0
        self._shown: tuple[Any, ...] = (mailbox.watched_by, mailbox.error_cause, mailbox.error_line)
        self._checked = 0.0
        self._thread = threading.Thread(target=self._run, name=f"mailbox-{mailbox.pk}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; what is being kept at this moment is still kept."""
        if not self._stop.is_set():
            self._stop.set()
            if (open_one := self._connection) is not None:
                open_one.abort()

    def join(self, seconds: float) -> bool:
        """Wait for its end; whether it ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def reads_like(self, mailbox: Mailbox) -> bool:
        """Whether `mailbox`, read anew, would be read in the same way."""
        return all(getattr(self.mailbox, name) == getattr(mailbox, name) for name in WATCHED_FIELDS)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    pause = self._try_session()
                except DatabaseError as error:  # while it was to be written down what is wrong with the mailbox
                    log.warning("%s: the database: %s", self.mailbox.address, _first_line(error))
                    pause = self._pause()
                if pause is None:
                    return
                self._stop.wait(pause)
        finally:
            connection.close()

    def _try_session(self) -> float | None:
        """One connection, as long as it lasts. Returns the pause before the next, None when there is none."""
        try:
            self._session()
        except LeaseLostError as error:
            log.info("%s", error.cause)
            return None
        except MailboxError as error:
            return None if self._stop.is_set() else self._after_failure(error)
        except (DatabaseError, OSError) as error:
            return self._after_fault_here(error)
        except Exception:
            log.exception("%s: unexpected error; connecting again", self.mailbox.address)
            self._failures += 1
        finally:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
        return self._pause()

    def _session(self) -> None:
        server = self._connect()
        readers = self._open_folders(server)
        self._login_refusals = 0
        idle = server.offers("IDLE")
        fresh = True
        due: list[FolderReader] = []
        empty_looks = 0
        while not self._stop.is_set():
            if self._missing and time.monotonic() - self._opened > REFUSED_PAUSE:
                readers, fresh = self._open_folders(server), True
            if fresh or time.monotonic() - self._swept > IDLE_SECONDS:
                due, self._swept = readers[1:], time.monotonic()
            kept = self._look_into(server, readers[0], due, reopen=fresh)
            fresh = False
            self._failures = 0
            self._healthy("idle" if idle else "polling")
            empty_looks = 0 if kept else empty_looks + 1
            if not self._wait(server, idle, alone=len(readers) == 1):
                empty_looks = 0
            elif empty_looks > 5:  # a server that cries wolf all the time
                self._stop.wait(1.0)
            due = [] if self._stop.is_set() else [one for one in readers[1:] if self._has_news(server, one)]

    def _open_folders(self, server: imap.Imap) -> list[FolderReader]:
        """Those that exist; one that is missing is shown and tried again, and does not hold up the others."""
        opened, self._missing = open_folders(server, self._readers)
        self._opened = time.monotonic()
        if not opened and self._missing:
            raise self._missing
        return opened

    def _connect(self) -> imap.Imap:
        mailbox = self.mailbox
        with _connecting:
            if self._stop.is_set():
                raise Temporary("Stopped.")
            server = imap.open_connection(mailbox.imap_host, mailbox.imap_port, mailbox.imap_security)
            self._connection = server
            server.login(mailbox.login, mailbox.password)
        return server

    def _look_into(self, server: imap.Imap, first: FolderReader, others: list[FolderReader], *, reopen: bool) -> int:
        """A look into `others` and the first folder; ends with the first one open, which is where IDLE listens."""
        kept = 0
        for reader in others:
            reader.open(server)
            kept += reader.look(server)
        if others or reopen:
            first.open(server)
        return kept + first.look(server)

    def _has_news(self, server: imap.Imap, reader: FolderReader) -> bool:
        """Whether a folder that is not open has another UIDNEXT than at its last look."""
        try:
            news = server.news_of(reader.name)
        except NotHandedOverError:
            return True  # gone, or a server that will not say: opening it tells
        known = self._news.get(reader.name)
        self._news[reader.name] = news
        return news != known or not news[1]

    def _wait(self, server: imap.Imap, idle: bool, *, alone: bool) -> bool:
        """Wait for news or for the time of the next look; True when the server spoke of news."""
        poll = float(settings.CASEWAY_POLL_SECONDS)
        if idle:
            seconds = IDLE_SECONDS if alone else min(poll, SWEEP_SECONDS)
            news = server.idle(min(seconds, REFUSED_PAUSE) if self._missing else seconds)
            if not news and not self._stop.is_set():
                server.noop()
            return news
        self._stop.wait(poll)
        return False if self._stop.is_set() else server.noop()

    # -- what people see

    def _after_failure(self, error: MailboxError) -> float | None:
        self._failures += 1
        if isinstance(error, LoginRefusedError):
            self._login_refusals += 1
            if self._login_refusals >= LOGIN_TRIES:
                self._give_up(error)
                return None
            return LOGIN_PAUSE
        log.info("%s: %s %s", self.mailbox.address, error.cause, error.server_words)
        # one lost connection is everyday life: only the second failure in a row is shown
        if self._failures > 1 or isinstance(error, Refused):
            self._unhealthy(error)
        return max(self._pause(), REFUSED_PAUSE) if isinstance(error, Refused) else self._pause()

    def _after_fault_here(self, error: DatabaseError | OSError) -> float:
        """The mail could not be kept. It waits on its server, and is asked for again after a pause that grows."""
        log.warning("%s: mail could not be kept: %s", self.mailbox.address, _first_line(error))
        self._failures += 1
        if is_used_up(error):
            self._unhealthy(no_room(error))  # where the database is what is full, this may fail too
        return self._pause()

    def _pause(self) -> float:
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(self._failures, 10)))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads reconnections, protects nothing

    def _healthy(self, watched_by: str) -> None:
        now = time.monotonic()
        missing = self._missing
        shown = (watched_by, missing.cause if missing else "", missing.server_words if missing else "")
        if shown == self._shown and now - self._checked < CHECKED_SECONDS:
            return
        fields = _error_fields(missing) if missing else dict(_NO_ERROR)
        self._write(shown, {"watched_by": watched_by, "checked_at": Now(), **fields})
        self._checked = now

    def _unhealthy(self, error: MailboxError) -> None:
        shown = ("", error.cause, error.server_words)
        if shown != self._shown:
            self._write(shown, {"watched_by": "", **_error_fields(error)})

    def _give_up(self, error: MailboxError) -> None:
        """The login is refused: stop until a person acts, and tell the owner once."""
        log.warning("%s: stopped, the server refuses the login: %s", self.mailbox.address, error.server_words)
        values = {
            "state": MailboxState.STOPPED,
            "state_since": timezone.now(),
            "state_by": None,
            "watched_by": "",
            **_error_fields(error),
        }
        if self._write(("", error.cause, error.server_words), values) and self._alarm is not None:
            try:
                with database(self.mailbox):
                    self._alarm(Mailbox.objects.get(pk=self.mailbox.pk))
            except Exception:
                log.exception("%s: its owner could not be told", self.mailbox.address)

    def _write(self, shown: tuple[Any, ...], values: dict[str, Any]) -> bool:
        """Write health while the lease is ours; tell open pages when what they show changed."""
        with database(self.mailbox):
            rows = Mailbox.objects.filter(
                pk=self.mailbox.pk, lease_number=self.mailbox.lease_number, state=MailboxState.ACTIVE
            )
            written = bool(rows.update(**values))
            if written and shown != self._shown:
                tell(self.mailbox.organisation_id, "mailbox.health", id=self.mailbox.pk)
        self._shown = shown
        return written


def no_room(error: BaseException) -> NoRoomError:
    """What people are told."""
    return NoRoomError(
        "There is no room left to keep mail in: a disk of this machine, or of its database, is full.",
        "Make room there. Mail waits on its server until then; nothing is lost.",
        _first_line(error),
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).partition("\n")[0]


_NO_ERROR = {"error_cause": "", "error_fix": "", "error_line": "", "error_at": None}


def _error_fields(error: MailboxError) -> dict[str, Any]:
    return {
        "error_cause": error.cause,
        "error_fix": error.fix,
        "error_line": error.server_words,
        "error_at": timezone.now(),
    }
