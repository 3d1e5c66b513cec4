"""Database, large mail and data folder on one disk without room, with everything running; then there is room again."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.checker import check
from tests.chaos.letters import Letters, senders
from tests.chaos.stage import CLONE, Stage, choose
from tests.servers.disk import Disk, small_disk
from tests.servers.waiting import wait_for

PEOPLE = senders(20)
WORDS = ("no room left", "MB left", "connection", "no database")
"""What /health may say; the server itself may have ended for want of room."""


@pytest.fixture
def disk() -> Iterator[Disk]:
    folder = Path(tempfile.mkdtemp(prefix="caseway-disk-", dir="/var/tmp"))  # where the database's user may pass
    folder.chmod(0o755)
    try:
        with small_disk(folder / "disk", 400) as disk:
            yield disk
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def problems(stage: Stage) -> list[str]:
    """What /health would say."""
    asks = (
        "import json, django; django.setup(); from caseway.ops.health import look; print(json.dumps(look().problems))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asks], env=stage.environment, cwd=CLONE, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return [done.stderr.strip().splitlines()[-1]]
    found: list[str] = json.loads(done.stdout)
    return found


def pipe(stage: Stage, raw: bytes) -> int:
    how = [sys.executable, "-m", "caseway.ops", "intake"]
    return subprocess.run(how, env=stage.environment, cwd=CLONE, input=raw, capture_output=True, check=False).returncode


def outcomes(stage: Stage) -> int:
    ask = "SELECT count(*) FROM intake_inboundemail WHERE state IN ('delivered', 'ignored')"
    [(count,)] = stage.query(ask)
    return int(str(count))


def test_nothing_is_lost_when_every_disk_is_full(disk: Disk) -> None:
    with Stage(mailboxes=2, senders=PEOPLE, below=str(disk.folder)) as stage:
        letters = iter(Letters(stage.users, PEOPLE, choose(3)))
        processes = [stage.process("watch"), stage.process("worker")]
        stage.wait_watched()
        delivered = 0

        def deliver(count: int) -> None:
            nonlocal delivered
            for _ in range(count):
                letter = next(letters)
                stage.deliver(letter.to, letter.raw)
                delivered += 1

        deliver(10)
        wait_for(lambda: outcomes(stage) == delivered, "the first mails", 60)

        disk.fill()
        deliver(20)
        incompressible = os.urandom(20 * 1024 * 1024)
        assert pipe(stage, b"From: a@b.example\r\nSubject: film\r\n\r\n" + incompressible) == 75
        watch = processes[0]
        wait_for(lambda: "mail could not be kept" in watch.log(), "the watcher to say why", 60)
        said = wait_for(lambda: problems(stage), "ill health", 60)
        assert any(word in " ".join(said) for word in WORDS), said

        disk.empty()
        if not stage.postgres.running():
            stage.postgres.start()  # as `caseway up` does

        def is_over() -> bool:
            for one in processes:
                if not one.is_alive:
                    one.start()
            stage.pass_time()
            [(leaving,)] = stage.query(
                "SELECT count(*) FROM outbound_outboundemail WHERE state IN ('queued', 'sending')"
            )
            return outcomes(stage) == delivered and leaving == 0

        wait_for(is_over, "all mail to have an outcome", 120)
        report = check(stage)
        assert report.wrong == [], report.lines
