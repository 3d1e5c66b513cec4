"""Watching every active mailbox from one process: leases them, gives each a thread, and follows what people change."""

from __future__ import annotations

import logging
import os
import resource
import secrets
import socket
import threading
import time
from typing import Any

import psycopg
from django.db import connection
from django.db.utils import Error as DatabaseError

from caseway.accounts.bell import DOORBELL
from caseway.accounts.scope import every_organisation
from caseway.mailboxes import lease
from caseway.mailboxes.folder import Deliver
from caseway.mailboxes.models import Mailbox, MailboxState
from caseway.mailboxes.watcher import Alarm, Watcher

log = logging.getLogger("caseway.watch")

LOOK_SECONDS = 3.0
"""Leases are renewed and changes looked for this often, at once when the bell rings, and when another's lease ends."""
SETTINGS_SECONDS = 9.0
"""Mailboxes are compared with what is watched this often, should a bell have been lost."""


def watch_all(deliver: Deliver, stop: threading.Event, alarm: Alarm | None = None) -> None:
    """Watch every active mailbox that no other process watches, until `stop` is set.

    `deliver(mailbox, fetched)` keeps messages and moves the cursor in one transaction; it raises LeaseLostError when
    the mailbox is another process's by now. `alarm(mailbox)` tells the owner, once, that the server refuses the login.
    """
    _allow_many_connections()
    Warden(deliver, alarm).run(stop)


class Warden:
    """Holds the leases and the threads of one process."""

    def __init__(self, deliver: Deliver, alarm: Alarm | None = None) -> None:
        self.holder = f"{socket.gethostname()[:100]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.watchers: dict[int, Watcher] = {}
        self._deliver = deliver
        self._alarm = alarm
        self._bell = threading.Event()
        self._compared = 0.0

    def run(self, stop: threading.Event) -> None:
        """Returns when `stop` is set, every thread has ended and every lease is given back."""
        listener = threading.Thread(target=self._listen, args=(stop,), name="mailboxes-bell", daemon=True)
        listener.start()
        next_look = 0.0
        try:
            while not stop.is_set():
                rung = self._bell.is_set()
                self._bell.clear()
                if rung or time.monotonic() >= next_look:
                    next_look = time.monotonic() + self._tend_safely(rung)
                self._bell.wait(min(0.5, max(0.05, next_look - time.monotonic())))
        finally:
            self._end()
            listener.join(5)

    def _tend_safely(self, rung: bool) -> float:
        """Returns the seconds to the next look."""
        try:
            self.tend(rung)
            end = lease.seconds_to_next_end(self.holder)
            # in the past: its row is locked, or its password cannot be read
            return LOOK_SECONDS if end is None or end < 0 else min(LOOK_SECONDS, end + 0.1)
        except (DatabaseError, psycopg.Error) as error:
            log.warning("The database: %s; trying again", str(error).strip().partition("\n")[0])
        except Exception:
            log.exception("Looking after the mailboxes failed; trying again")
        finally:
            connection.close()
        return LOOK_SECONDS

    def tend(self, rung: bool = True) -> None:
        """One round: renew, follow changes, take what is free."""
        held = lease.renew(self.holder, self._numbers())
        for identifier in set(self.watchers) - held:
            log.info("%s: another process reads it now", self.watchers[identifier].mailbox.address)
            self.watchers[identifier].stop()
        if rung or time.monotonic() - self._compared >= SETTINGS_SECONDS:
            self._follow_changes()
            self._compared = time.monotonic()
        self._bury()
        for mailbox in lease.take(self.holder):
            self._start(mailbox)

    def _follow_changes(self) -> None:
        with every_organisation():
            rows = Mailbox.objects.filter(pk__in=self.watchers, state=MailboxState.ACTIVE, deleted_at=None)
            wanted = {one.pk: one for one in lease.read(rows)}
        for identifier, watcher in list(self.watchers.items()):
            mailbox = wanted.get(identifier)
            if mailbox is None:
                watcher.stop()
            elif not watcher.reads_like(mailbox):
                watcher.stop()
                if watcher.join(10) and mailbox.lease_number == watcher.mailbox.lease_number:
                    self._start(mailbox)

    def _start(self, mailbox: Mailbox) -> None:
        old = self.watchers.get(mailbox.pk)
        if old is not None and old.is_alive:
            old.stop()
            old.join(10)
        watcher = Watcher(mailbox, self._deliver, self._alarm)
        self.watchers[mailbox.pk] = watcher
        watcher.start()

    def _bury(self) -> None:
        """Give back the leases of threads that have ended."""
        ended = {key: one for key, one in self.watchers.items() if not one.is_alive}
        for key in ended:
            del self.watchers[key]
        lease.release(self.holder, {key: one.mailbox.lease_number for key, one in ended.items()})

    def _end(self) -> None:
        for watcher in self.watchers.values():
            watcher.stop()
        deadline = time.monotonic() + 20
        for watcher in self.watchers.values():
            watcher.join(max(0.1, deadline - time.monotonic()))
        try:
            lease.release(self.holder, self._numbers())
        except (DatabaseError, psycopg.Error):
            log.info("The database is gone already; the leases run out by themselves")
        finally:
            connection.close()

    def _numbers(self) -> dict[int, int]:
        return {key: one.mailbox.lease_number for key, one in self.watchers.items()}

    def _listen(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                with _listening_connection() as heard:
                    self._bell.set()  # what was rung while nobody listened
                    while not stop.is_set():
                        for note in heard.notifies(timeout=1.0, stop_after=1):
                            if note.payload == "mailboxes":
                                self._bell.set()
            except psycopg.Error as error:
                log.warning("The bell's connection is gone (%s); connecting again", str(error).partition("\n")[0])
                stop.wait(1.0)


def _allow_many_connections() -> None:
    """One descriptor a mailbox: the usual soft limit of 1,024 is raised to what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 65536
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listening_connection() -> psycopg.Connection[Any]:
    """A connection of its own, outside the pool."""
    options = connection.get_connection_params()
    for djangos in ("cursor_factory", "context", "prepare_threshold", "pool"):
        options.pop(djangos, None)
    heard = psycopg.connect(**options, autocommit=True, connect_timeout=10)
    heard.execute(f"LISTEN {DOORBELL}".encode())
    return heard
