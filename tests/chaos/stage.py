"""The stage: a PostgreSQL, a Dovecot behind a proxy, a receiving SMTP server, and Caseway's processes between them."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import psutil
import psycopg

from caseway.ops.embedded_postgres import EmbeddedPostgres
from tests.chaos.proxy import Proxy
from tests.chaos.sink import Sink
from tests.servers.certificates import TestAuthority
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

CLONE = Path(__file__).resolve().parents[2]


class Process:
    """One `caseway worker` or `caseway watch`, started again under the same name when it died."""

    def __init__(self, stage: Stage, command: str, number: int) -> None:
        self.stage, self.command, self.name = stage, command, f"{command}-{number}"
        self._child: psutil.Process | None = None
        self._log = stage.folder / f"{self.name}.log"
        self._log_began = 0

    def start(self, crash_at: str = "") -> None:
        self._log_began = self._log.stat().st_size if self._log.exists() else 0
        self._child = psutil.Process(self.stage.bear(self.command, crash_at, self._log))

    @property
    def pid(self) -> int:
        return self._child.pid if self._child is not None else 0

    @property
    def is_alive(self) -> bool:
        return self._child is not None and self._child.is_running()

    @property
    def is_ready(self) -> bool:
        """It has come so far that it works."""
        return self.is_alive and "caseway: started" in self.log()

    def is_stopped(self) -> bool:
        return self._child is not None and self._child.status() == psutil.STATUS_STOPPED

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self._child is not None:
            self._child.wait(20)

    def signal(self, number: int) -> None:
        if self._child is not None:
            with suppress(psutil.NoSuchProcess):
                self._child.send_signal(number)

    def log(self) -> str:
        """What it has said since it was started last."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as file:
            file.seek(self._log_began)
            return file.read().decode(errors="replace")


class Stage:
    """Use as a context manager. Everything is of its own: cluster (durable: fsync is on), ports, folders."""

    def __init__(
        self,
        *,
        mailboxes: int = 3,
        senders: list[str] | None = None,
        stall_seconds: float = 3.0,
        after: str = "mark_read",
        below: str = "/var/tmp",
    ) -> None:
        self.users = [f"desk{number}@fieldnote.example" for number in range(mailboxes)]
        self.senders = senders or []
        self.stall_seconds, self.after, self.below = stall_seconds, after, below
        self.processes: list[Process] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = Path(tempfile.mkdtemp(prefix="caseway-chaos-", dir=self.below))
            self.folder.chmod(0o755)
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.postgres = EmbeddedPostgres(self.folder / "database")
            stack.callback(self.postgres.remove)
            self.database_url = self.postgres.start()
            authority = TestAuthority(self.folder / "authority")
            self.dovecot = stack.enter_context(Dovecot(authority.good()))
            self.proxy = stack.enter_context(Proxy(self.dovecot.tls_port))
            self.sink = stack.enter_context(Sink(self.stall_seconds))
            self.environment = {
                **{key: value for key, value in os.environ.items() if not key.startswith("CASEWAY_")},
                "CASEWAY_DATA": str(self.folder / "data"),
                "DATABASE_URL": self.database_url,
                "CASEWAY_PRIVATE_HOSTS": "127.0.0.0/8",
                "CASEWAY_CA_FILE": str(authority.ca_file),
                "CASEWAY_SMTP_URL": f"smtp+plain://127.0.0.1:{self.sink.port}",
                "DJANGO_SETTINGS_MODULE": "caseway.ops.settings",
                "PYTHONPATH": os.pathsep.join([str(CLONE / "src"), str(CLONE)]),
            }
            self._make_company()
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.nursery"],
                env=self.environment,
                cwd=CLONE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(self._end_processes)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def bear(self, command: str, crash_at: str, log: Path) -> int:
        """Start `caseway COMMAND`; returns its pid."""
        assert self._nursery.stdin is not None and self._nursery.stdout is not None
        self._nursery.stdin.write(json.dumps({"command": command, "crash_at": crash_at, "log": str(log)}) + "\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline())

    def process(self, command: str, crash_at: str = "") -> Process:
        """Start one more `caseway COMMAND`."""
        one = Process(self, command, len(self.processes))
        self.processes.append(one)
        one.start(crash_at)
        return one

    def wait_watched(self) -> None:
        """Until every mailbox was looked into, so that what is delivered from now on counts as new."""
        ask = "SELECT count(DISTINCT mailbox_id) FROM mailboxes_foldercursor"
        wait_for(lambda: self.query(ask) == [(len(self.users),)], "every mailbox to be watched", 60)

    def deliver(self, user: str, raw: bytes) -> None:
        """Put a message into the maildir as a delivery agent does, whether or not the IMAP server runs."""
        deliver_to_maildir(self.dovecot, user, raw)

    def query(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Rows, asked for as the owner. Waits for a server that is just starting."""
        deadline = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(self.database_url, autocommit=True, connect_timeout=5) as owner:
                    cursor = owner.execute(statement.encode(), values or None)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def kill_database(self) -> None:
        """kill -9 of the postmaster, as a crash; it recovers from its log at the next start."""
        pid = int((self.postgres.data / "postmaster.pid").read_text().split("\n")[0])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.postgres.start()

    def restart_database(self) -> None:
        self.postgres.stop()
        self.postgres.start()

    def errors(self) -> Counter[str]:
        """The last lines of all tracebacks that the processes logged."""
        found: Counter[str] = Counter()
        for path in self.folder.glob("*.log"):
            is_inside = False
            for line in path.read_text(errors="replace").splitlines():
                if line.startswith("Traceback"):
                    is_inside = True
                elif is_inside and line and not line.startswith((" ", "Traceback")):
                    found[line[:150]] += 1
                    is_inside = False
        return found

    def pass_time(self) -> None:
        """What waits for its next try is due now, as if the wait were over."""
        self.query("UPDATE outbound_outboundemail SET send_at = now() WHERE state = 'queued' AND send_at > now()")
        self.query(
            "UPDATE intake_inboundemail SET next_attempt_at = now()"
            " WHERE state IN ('pending', 'failed') AND claimed_by IS NULL AND next_attempt_at > now()"
        )
        self.query("SELECT pg_notify('caseway_doorbell', 'outbound'), pg_notify('caseway_doorbell', 'intake')")

    def _make_company(self) -> None:
        for user in self.users:
            self.dovecot.add_user(user)
            self.dovecot.connect(user).logout()  # makes the maildir
        wish = {"users": self.users, "port": self.proxy.port, "senders": self.senders, "after": self.after}
        subprocess.run(
            [sys.executable, "-m", "tests.chaos.company"],
            input=json.dumps(wish).encode(),
            env=self.environment,
            cwd=CLONE,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def _end_processes(self) -> None:
        for one in self.processes:
            one.kill()
        self._nursery.terminate()
        self._nursery.wait(20)


_count = iter(range(10**9))


def deliver_to_maildir(dovecot: Dovecot, user: str, raw: bytes) -> None:
    """Write to tmp/, then rename into new/: a message is there whole or not at all (maildir(5))."""
    maildir = dovecot.folder / "mail" / user / "Maildir"
    name = f"{int(time.time())}.M{time.time_ns() // 1000 % 10**6}P{os.getpid()}Q{next(_count)}.chaos"
    path = maildir / "tmp" / name
    path.write_bytes(raw)
    if os.geteuid() == 0:
        found = maildir.stat()
        os.chown(path, found.st_uid, found.st_gid)
    path.rename(maildir / "new" / name)


def choose(seed: int) -> random.Random:
    """The run's dice: the same seed, the same choices (not the same timing)."""
    return random.Random(seed)
