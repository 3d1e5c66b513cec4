"""The worker: turns kept mail into cases, sends what is queued, runs diagnoses that were asked for.

Rows say what is due, and each drain function claims its own with SKIP LOCKED, so any number of workers run side by
side. A NOTIFY on the doorbell wakes them at once; a look every few seconds finds what a lost bell would have told, and
what has become due by time. See docs/decisions/doorbells-without-a-queue-library.md.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import psycopg
from django.db import close_old_connections, connection, connections
from django.db.utils import Error as DatabaseError

from caseway.accounts import more, presence, space
from caseway.accounts.bell import DOORBELL
from caseway.accounts.models import Heartbeat

log = logging.getLogger("caseway.worker")

BEAT_SECONDS = 10.0
SENDERS = 4
"""Servers that mail is handed to at the same time: one that stalls keeps one thread, and the others' mail leaves."""
EXAMINERS = 2
LONGEST_PAUSE = 30.0  # seconds between tries after errors


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of work: `drain()` does what is due and returns how many it did; it is called until it says 0."""

    name: str
    drain: Callable[[], int]
    look_seconds: float


def duties(intake_threads: int) -> list[Duty]:
    """What a worker of Caseway does."""
    return [
        *[Duty("intake", _function("caseway.intake.process", "process_pending"), 5.0) for _ in range(intake_threads)],
        *[Duty("outbound", _function("caseway.outbound.send", "send_due"), 5.0) for _ in range(SENDERS)],
        *[Duty("diagnosis", _function("caseway.mailboxes.diagnosis", "run_requested"), 5.0) for _ in range(EXAMINERS)],
        Duty("history", _function("caseway.intake.history", "run_slice"), 2.0),
        Duty("rest", _function("caseway.intake.remainder", "fetch_requested"), 5.0),
        Duty("copies", _function("caseway.outbound.copies", "copy_due"), 5.0),
        Duty("contacts", _function("caseway.contacts.exchange.importing", "run_due"), 5.0),
        Duty("counts", _function("caseway.intake.counts", "count_due"), 60.0),
        Duty("notices", _function("caseway.outbound.notices", "mail_due"), 15.0),
        Duty("waking", _function("caseway.cases.waking", "wake_due"), 5.0),
        Duty("clock", _function("caseway.intake.clock", "mend"), 15.0),
        Duty("alarms", _function("caseway.intake.alarms", "look"), 15.0),
    ]


class _Loop:
    """A thread's duty and what wakes it."""

    def __init__(self, duty: Duty) -> None:
        self.duty = duty
        self.bell = threading.Event()
        self.is_idle = False


class Worker:
    """Runs `duties` until `stop` is set, each in a thread of its own."""

    def __init__(self, duties: Sequence[Duty], stop: threading.Event) -> None:
        self.stop = stop
        self._loops = [_Loop(duty) for duty in duties]
        self._appeared = threading.Event()
        self._waking = threading.Lock()
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    def run(self) -> None:
        """Returns when `stop` is set and every thread has finished the piece that it was at."""
        threads = [
            threading.Thread(target=self._work, args=(loop,), name=f"{loop.duty.name}-{number}")
            for number, loop in enumerate(self._loops)
        ]
        threads.append(threading.Thread(target=self._listen, name="doorbell"))
        for thread in threads:
            thread.start()
        keep_beating("worker", self.name, self.stop)
        self._wake_all()
        for thread in threads:
            thread.join()

    def _work(self, loop: _Loop) -> None:
        duty, bell, pause = loop.duty, loop.bell, 1.0
        more.heard_by(lambda: self._wake_idle(duty.name))
        while not self.stop.is_set() and not self._appeared.wait(0.2):
            pass  # what is claimed before would not be known to be a dead process's, should this one die
        while not self.stop.is_set():
            bell.clear()  # before the look: a ring during it causes one more
            try:
                while duty.drain() and not self.stop.is_set():
                    pass
                pause, wait = 1.0, duty.look_seconds
            except Exception as error:  # one broken piece must not end the duty; the database may be restarting
                _say("%s: %s; trying again", duty.name, error)
                wait = pause = min(pause * 2, LONGEST_PAUSE)
            finally:
                close_old_connections()
            loop.is_idle = True  # what is rung from here on wakes it; what was rung before has set its bell
            bell.wait(wait)
            loop.is_idle = False
        connections.close_all()

    def _listen(self) -> None:
        while not self.stop.is_set():
            try:
                self._hear()
            except psycopg.Error as error:
                log.warning("The doorbell's connection is gone (%s); connecting again", _first_line(error))
                self.stop.wait(1.0)

    def _hear(self) -> None:
        with listening_connection(DOORBELL) as heard:
            presence.appear(heard)
            self._appeared.set()
            self._wake_all()  # what was rung while nobody listened
            while not self.stop.is_set():
                for note in heard.notifies(timeout=1.0, stop_after=1):
                    if not self._wake_idle(note.payload):
                        for loop in self._loops:  # all are at work: each may have looked before this came
                            if loop.duty.name == note.payload:
                                loop.bell.set()

    def _wake_idle(self, name: str) -> bool:
        """Wake one thread of the duty that waits; False when none does."""
        with self._waking:
            for loop in self._loops:
                if loop.duty.name == name and loop.is_idle and not loop.bell.is_set():
                    loop.bell.set()
                    return True
        return False

    def _wake_all(self) -> None:
        for loop in self._loops:
            loop.bell.set()


def keep_beating(kind: str, name: str, stop: threading.Event) -> None:
    """Tell the database every few seconds that this process lives; returns when `stop` is set."""
    while not stop.is_set():
        try:
            Heartbeat.beat(kind, name, space.left())
        except (DatabaseError, psycopg.Error) as error:
            _say("%s: no database: %s", kind, error)
        finally:
            close_old_connections()
        stop.wait(BEAT_SECONDS)
    _forget(kind, name)


def listening_connection(channel: str) -> psycopg.Connection:
    """A connection of its own, outside Django's pool, that hears `channel`."""
    settings = connection.get_connection_params()
    for djangos in ("cursor_factory", "context", "prepare_threshold", "pool"):
        settings.pop(djangos, None)
    heard = psycopg.connect(**settings, autocommit=True, connect_timeout=10)
    heard.execute(f"LISTEN {channel}".encode())
    return heard


def _forget(kind: str, name: str) -> None:
    try:
        Heartbeat.objects.filter(kind=kind, name=name).delete()
    except (DatabaseError, psycopg.Error):
        log.info("The database is gone already; the last heartbeat stays and grows old")
    finally:
        connections.close_all()


def _function(module: str, name: str) -> Callable[[], int]:
    found: Callable[[], int] = getattr(import_module(module), name)
    return found


def _say(text: str, *values: object) -> None:
    """A database that restarts is expected: one line. Anything else with its traceback."""
    expected = isinstance(values[-1], DatabaseError | psycopg.Error)
    log.warning(text, *[_first_line(one) for one in values], exc_info=not expected)


def _first_line(value: object) -> str:
    return (str(value).strip() or type(value).__name__).splitlines()[0]
