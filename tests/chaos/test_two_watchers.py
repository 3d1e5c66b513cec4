"""Two watch processes, one mailbox: who dies or sleeps is replaced within 15 s, and writes nothing stale later."""

import signal

import pytest

from tests.chaos.stage import Process, Stage
from tests.mails import mail
from tests.servers.waiting import wait_for

TAKEOVER = 15.0
"""Seconds from the holder's end to the next mail in the ledger: what is promised, not what is usual."""


def deliver(stage: Stage, identifier: str) -> None:
    [user] = stage.users
    stage.deliver(user, mail(to=user, message_id=f"<{identifier}>"))


def kept(stage: Stage, uid_count: int) -> bool:
    return stage.query("SELECT count(*) FROM intake_inboundemail") == [(uid_count,)]


def holder(stage: Stage) -> tuple[Process, Process]:
    """(who reads the mailbox, who would take over)"""
    first = stage.process("watch")
    stage.wait_watched()
    wait_for(lambda: pid_of_holder(stage) == first.pid, "the first to hold the mailbox", 60)
    second = stage.process("watch")
    wait_for(lambda: second.is_ready, "the second to run", 60)
    return first, second


def pid_of_holder(stage: Stage) -> int:
    [(name,)] = stage.query("SELECT lease_holder FROM mailboxes_mailbox")
    return int(str(name).split(":")[1]) if name else 0


def test_a_killed_holder_is_replaced_within_fifteen_seconds(stage: Stage) -> None:
    [(before,)] = stage.query("SELECT count(*) FROM intake_inboundemail")
    first, second = holder(stage)
    first.kill()
    deliver(stage, "after-the-kill@brightwater.example")
    wait_for(lambda: kept(stage, before + 1), "the next mail in the ledger", TAKEOVER)
    assert pid_of_holder(stage) == second.pid


@pytest.mark.parametrize("point", ["fetch:received", "keep:uncommitted"])
def test_a_holder_that_sleeps_past_its_lease_writes_nothing_stale(stage: Stage, point: str) -> None:
    """Also one that fell asleep within its transaction, with the mailbox's row locked."""
    [(before,)] = stage.query("SELECT count(*) FROM intake_inboundemail")
    first = stage.process("watch", f"{point}=STOP")
    wait_for(lambda: pid_of_holder(stage) == first.pid, "the first to hold the mailbox", 60)
    second = stage.process("watch")
    wait_for(lambda: second.is_ready, "the second to run", 60)
    deliver(stage, f"one-{point}@brightwater.example".replace(":", "-"))
    wait_for(first.is_stopped, "the holder to fall asleep", 60)
    deliver(stage, f"two-{point}@brightwater.example".replace(":", "-"))
    wait_for(lambda: kept(stage, before + 2), "both mails in the ledger", TAKEOVER)
    ledger = "SELECT id, uid, xmin::text FROM intake_inboundemail ORDER BY id"
    cursor = "SELECT last_uid, lease_holder, lease_number FROM mailboxes_foldercursor, mailboxes_mailbox"
    rows, place = stage.query(ledger), stage.query(cursor)
    first.signal(signal.SIGCONT)
    wait_for(lambda: "another process" in first.log() or "database" in first.log(), "the sleeper to notice", 60)
    deliver(stage, f"three-{point}@brightwater.example".replace(":", "-"))
    wait_for(lambda: kept(stage, before + 3), "the next mail in the ledger", TAKEOVER)
    assert stage.query(ledger)[:-1] == rows, "what the sleeper had in hand was written or changed"
    assert stage.query(cursor)[0][1:] == place[0][1:], "the sleeper took the mailbox back"
    assert pid_of_holder(stage) == second.pid
