"""Real servers for a measurement, in folders and on ports of their own, gone afterwards.

A durable PostgreSQL, Dovecot with TLS, an SMTP server in a process of its own, and Caseway's worker and watcher as an
operator runs them. The measuring process uses the database as the application does.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from caseway.mailboxes.models import Mailbox

ADDRESS = "support@desk.example"
PASSWORD = "correct horse"  # noqa: S105


class Stack:
    """Everything that runs. Use `stack()`."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        from tests.servers.certificates import TestAuthority
        from tests.servers.dovecot import Dovecot
        from tests.servers.ports import free_port

        from caseway.ops.embedded_postgres import EmbeddedPostgres

        self.folder = folder
        self._children: list[subprocess.Popen[bytes]] = []
        self.postgres = EmbeddedPostgres(folder / "postgres")
        authority = TestAuthority(folder / "authority")
        self.dovecot = Dovecot(authority.good())
        self.smtp_port = free_port()
        self.taken_file = folder / "taken"
        self.environment = {
            "DATABASE_URL": self.postgres.dsn,
            "CASEWAY_DATA": str(folder / "data"),
            "DJANGO_SETTINGS_MODULE": "caseway.ops.settings",
            "CASEWAY_PRIVATE_HOSTS": "127.0.0.0/8 ::1/128",
            "CASEWAY_CA_FILE": str(authority.ca_file),
            "CASEWAY_SMTP_URL": f"smtp+plain://127.0.0.1:{self.smtp_port}",
            "CASEWAY_WORKERS": "1",
            "CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR": "address=100000 domain=100000 mailbox=100000",
            **environment,
        }

    def start(self) -> None:
        """Servers, structure of the database, and Django in this process."""
        self.postgres.start()
        self.dovecot.start()
        os.environ.update(self.environment)
        self.caseway("migrate").wait(120)
        self.run("-m", "benchmarks.sink", str(self.smtp_port), str(self.taken_file))
        import django

        django.setup()

    def stop(self) -> None:
        from django.db import connections

        for child in reversed(self._children):
            end(child)
        connections.close_all()
        self.dovecot.__exit__()
        self.postgres.remove()

    def run(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A Python process that ends with the stack. Its output goes to a file in the folder."""
        with (self.folder / "log").open("ab") as log:
            child = subprocess.Popen(  # noqa: S603
                [sys.executable, *arguments], env={**os.environ, **self.environment}, stdout=log, stderr=log
            )
        self._children.append(child)
        return child

    def caseway(self, *arguments: str) -> subprocess.Popen[bytes]:
        return self.run("-m", "caseway.ops", *arguments)

    def connect(self, address: str = ADDRESS, **values: Any) -> Mailbox:
        """A user at Dovecot, an organisation's mailbox that reads it, and its support address, as Authenticate does."""
        from caseway.accounts.models import Organisation
        from caseway.accounts.scope import every_organisation
        from caseway.mailboxes.models import Mailbox, SupportAddress

        self.dovecot.add_user(address, PASSWORD)
        with every_organisation():
            organisation, _ = Organisation.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
            mailbox = Mailbox.objects.create(
                organisation=organisation,
                address=address,
                login=address,
                **{"password": PASSWORD, "imap_host": "localhost", "imap_port": self.dovecot.tls_port, **values},
            )
            SupportAddress.objects.create(organisation=organisation, mailbox=mailbox, address=address, is_default=True)
        return mailbox

    def put(self, raws: list[bytes], address: str = ADDRESS) -> None:
        """Let mails arrive as a delivery agent does: files in the Maildir, in order, the last step at once for all."""
        maildir = self.dovecot.folder / "mail" / address / "Maildir"
        if not (maildir / "new").exists():
            self.dovecot.connect(address).logout()
            with self.dovecot.connect(address) as imap:
                imap.select("INBOX")
        owner = (maildir / "new").stat()
        ready = []
        for number, raw in enumerate(raws):
            path = maildir / "tmp" / f"{int(time.time())}.M{number:06}P{secrets.token_hex(4)}.bench"
            path.write_bytes(raw)
            os.chown(path, owner.st_uid, owner.st_gid)
            ready.append(path)
        for path in ready:
            path.rename(maildir / "new" / path.name)

    def taken(self) -> list[str]:
        """Message-IDs that the SMTP server accepted."""
        return self.taken_file.read_text().split("\n")[:-1] if self.taken_file.exists() else []

    def postgres_process(self) -> psutil.Process:
        return psutil.Process(int((self.postgres.data / "postmaster.pid").read_text().split("\n")[0]))

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


@contextmanager
def stack(**environment: str) -> Iterator[Stack]:
    """Start the servers; stop and remove them at the end, also when the measurement fails."""
    root = Path("/var/tmp") if Path("/var/tmp").is_dir() else Path(tempfile.gettempdir())  # noqa: S108 - often tmpfs
    folder = Path(tempfile.mkdtemp(prefix="caseway-bench-", dir=root))
    folder.chmod(0o755)
    one = Stack(folder, environment)
    try:
        one.start()
        yield one
    except BaseException:
        print("".join(one.log().splitlines(keepends=True)[-30:]), file=sys.stderr)
        raise
    finally:
        one.stop()
        shutil.rmtree(folder, ignore_errors=True)


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Run a measurement in a process of its own: Django can be set up once, and each stack has its own keys."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def end(child: subprocess.Popen[bytes]) -> None:
    """Stop a process that the stack started, politely first."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)


def cpu(process: psutil.Process) -> float:
    """CPU seconds of a process with all its children, those that ended included."""
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        try:
            own = child.cpu_times()
        except psutil.Error:
            continue
        total += own.user + own.system + own.children_user + own.children_system
    return float(total)


def wait_for(condition: Callable[[], object], what: str, seconds: float = 120.0, step: float = 0.02) -> float:
    """Seconds until `condition` holds. Raises TimeoutError that names `what`."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(step)
    return time.monotonic() - began


class Peak:
    """The most resident memory of some processes while it runs, in MB: `with Peak(pid) as peak: …; peak.megabytes`."""

    def __init__(self, *processes: subprocess.Popen[bytes]) -> None:
        self.processes = [psutil.Process(one.pid) for one in processes]
        self.megabytes = [0.0] * len(processes)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            for number, process in enumerate(self.processes):
                now = process.memory_info().rss / 1e6
                self.megabytes[number] = max(self.megabytes[number], now)
