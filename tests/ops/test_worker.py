"""The worker: woken by the bell, not stopped by errors nor by a database that restarts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import transaction

from caseway.accounts.bell import ring
from caseway.accounts.models import Heartbeat
from caseway.accounts.more import there_is_more
from caseway.ops.worker import Duty, Worker
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

NEVER = 3600.0  # seconds: the bell alone wakes it


@contextmanager
def running(*duties: Duty) -> Iterator[Worker]:
    stop = threading.Event()
    worker = Worker(duties, stop)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive(), "the worker did not stop"


class Rows:
    """Work that is due, without a table: the drain takes one at a time."""

    def __init__(self) -> None:
        self.due: list[int] = []
        self.done: list[int] = []
        self.looks = 0
        self.errors: list[Exception] = []

    def drain(self) -> int:
        self.looks += 1
        if self.errors:
            raise self.errors.pop()
        if not self.due:
            return 0
        self.done.append(self.due.pop(0))
        return 1


def test_bell_wakes_the_duty_that_it_names(database_url: str) -> None:
    rows, others = Rows(), Rows()
    with running(Duty("intake", rows.drain, NEVER), Duty("outbound", others.drain, NEVER)):
        # listening begins with a look of its own, so wait until both are quiet
        wait_for(lambda: Heartbeat.objects.filter(kind="worker").exists(), "the worker's heartbeat")
        wait_for(lambda: listeners(database_url), "the worker to listen")
        rows.due = [1, 2, 3]
        with transaction.atomic():
            ring("intake")
            assert rows.done == []
        wait_for(lambda: rows.done == [1, 2, 3], "the rows to be drained")
    assert not Heartbeat.objects.filter(kind="worker").exists(), "a worker that stopped leaves no heartbeat"


def test_error_does_not_end_the_duty() -> None:
    rows = Rows()
    rows.errors = [ValueError("one broken piece")]
    rows.due = [1]
    with running(Duty("intake", rows.drain, 0.1)):
        wait_for(lambda: rows.done == [1], "the next look")


def test_looks_by_itself_when_no_bell_rings() -> None:
    rows = Rows()
    with running(Duty("intake", rows.drain, 0.05)):
        wait_for(lambda: rows.looks > 5, "several looks")


def test_lost_connections_are_made_again(database_url: str) -> None:
    rows = Rows()
    with running(Duty("intake", rows.drain, NEVER)):
        wait_for(lambda: listeners(database_url), "the worker to listen")
        with psycopg.connect(database_url, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'SELECT pg_advisory_lock(%'"
            )
        rows.due = [1]
        wait_for(lambda: listeners(database_url), "the worker to listen again")
        wait_for(lambda: rows.done == [1], "what was due meanwhile")


def listeners(database_url: str) -> bool:
    """Listening is followed by taking the lock that says that this process lives."""
    with psycopg.connect(database_url) as owner:
        found = owner.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND query LIKE 'SELECT pg_advisory_lock(%'"
        )
        return found.fetchone() is not None


def test_a_ring_wakes_one_thread_and_that_one_another_while_there_is_more(database_url: str) -> None:
    rows, gate, began = Rows(), threading.Event(), []

    def drain() -> int:
        rows.looks += 1
        if not rows.due:
            return 0
        rows.done.append(rows.due.pop(0))
        began.append(threading.current_thread().name)
        if rows.due:
            there_is_more()
        gate.wait(10)
        return 1

    with running(*[Duty("outbound", drain, NEVER) for _ in range(4)]) as worker:
        wait_for(lambda: listeners(database_url), "the worker to listen")
        wait_for(lambda: all(loop.is_idle for loop in worker._loops), "all to wait")
        rows.looks = 0
        with transaction.atomic():
            ring("outbound")
        wait_for(lambda: rows.looks, "one look")
        wait_for(lambda: all(loop.is_idle and not loop.bell.is_set() for loop in worker._loops), "all to wait again")
        assert rows.looks == 1
        rows.due = [1, 2, 3]
        with transaction.atomic():
            ring("outbound")
        wait_for(lambda: len(began) == 3, "three to be at work")
        assert len(set(began)) == 3
        rows.due = [4]
        with transaction.atomic():
            ring("outbound")
        wait_for(lambda: len(began) == 4, "the fourth")
        rows.due = [5]  # while all are at work
        with transaction.atomic():
            ring("outbound")
        gate.set()
        wait_for(lambda: len(began) == 5, "the last one")
