"""Keeps child processes running: starts them, writes their output to log files, starts again what dies.

Children die with their parent (PR_SET_PDEATHSIG), also after `kill -9` of the parent; so a next start finds no
orphans on its ports. One supervisor works on a data folder at a time: it holds a lock that dies with it.
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

log = logging.getLogger("caseway.supervisor")

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a restart
STEADY = 60.0  # a child that lived this many seconds is started again without a longer pause
GRACE = 10.0  # seconds that children have to end by themselves
LARGEST_LOG = 20 * 1024 * 1024  # bytes; then it is begun anew, and one older file kept
PR_SET_PDEATHSIG = 1


class AlreadyRunning(Exception):
    """Another supervisor works on this data folder."""


@dataclass
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    serves_others: bool = False  # ends after those that use it
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    starts: int = 0
    pause: float = FIRST_PAUSE
    due: float = 0.0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs `children` until `stop` is set. `echo` also gets each line of output, with the child's name before it."""

    def __init__(self, children: Sequence[Child], logs: Path, *, echo: Callable[[str], None] | None = None) -> None:
        self.children = list(children)
        self.logs = logs
        self.stop = threading.Event()
        self._echo = echo

    def start(self) -> None:
        """Start every child. Call it in the thread that stays: a child dies with the thread that started it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for child in self.children:
            self._launch(child)

    def add(self, children: Sequence[Child]) -> None:
        """Start more children."""
        self.children += children
        for child in children:
            self._launch(child)

    def run(self) -> None:
        """Look after the children until `stop` is set, then end them."""
        try:
            while not self.stop.wait(0.2):
                self.look()
        finally:
            self.end()

    def look(self) -> None:
        """Start again what has died, when its pause is over. `run` does this all the time."""
        for child in self.children:
            self._look_after(child)

    def end(self) -> None:
        """Ask every child to finish, those that serve others last; kill what does not within the grace."""
        for serves_others in (False, True):
            running = [
                child.process
                for child in self.children
                if child.process is not None and child.is_running and child.serves_others == serves_others
            ]
            for process in running:
                process.terminate()
            deadline = time.monotonic() + GRACE
            for process in running:
                try:
                    process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _look_after(self, child: Child) -> None:
        if child.process is not None:
            if child.is_running:
                return
            lived = time.monotonic() - child.started
            child.pause = FIRST_PAUSE if lived > STEADY else min(child.pause * 2, LONGEST_PAUSE)
            child.due = time.monotonic() + child.pause
            self._say(child, f"ended ({_how(child.process.returncode)}), starts again in {child.pause:.1f} s")
            child.process = None
        if time.monotonic() >= child.due:
            self._launch(child)

    def _launch(self, child: Child) -> None:
        child.started = time.monotonic()
        child.starts += 1
        parent = os.getpid()
        child.process = subprocess.Popen(
            list(child.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **child.environment},
            start_new_session=True,  # Ctrl-C reaches us; we tell the children
            preexec_fn=lambda: die_with(parent),  # noqa: PLW1509 (calls one libc function, takes no lock)
        )
        threading.Thread(target=self._forward, args=(child, child.process), daemon=True).start()

    def _forward(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self._say(child, line.decode(errors="replace").rstrip("\n"))

    def _say(self, child: Child, line: str) -> None:
        path = self.logs / f"{child.name}.log"
        try:
            if path.exists() and path.stat().st_size > LARGEST_LOG:
                path.replace(path.with_suffix(".log.old"))
            with path.open("a") as file:
                file.write(line + "\n")
        except OSError as error:  # a full disk must not stop the processes
            log.warning("%s cannot be written: %s", path, error)
        if self._echo:
            self._echo(f"{child.name:<8} │ {line}")


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process. Raises AlreadyRunning when another one does.

    The lock is the kernel's: it is gone with its process, however that ended.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "running.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            pid = file.read().strip() or "?"
            raise AlreadyRunning(f"Caseway already runs on {folder} (process {pid}).") from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def signals_set(stop: threading.Event) -> Iterator[None]:
    """SIGINT, SIGTERM and a closed terminal set `stop`; SIGINT also for a shell's background job, which starts deaf."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup ignores it, and means it
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def who_listens(port: int) -> str:
    """The program that holds a TCP port, in words; '' when the port is free."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
                return _named(connection.pid)
    except (psutil.AccessDenied, OSError):
        pass
    return "" if _can_bind(port) else "another program"


def wait_until_free(port: int, seconds: float = 5.0) -> str:
    """Give the processes of a killed start a moment to end. Returns who still holds the port then, '' for nobody."""
    deadline = time.monotonic() + seconds
    while (holder := who_listens(port)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return holder


def this_program(*arguments: str) -> list[str]:
    """The command that runs `caseway ARGUMENTS` with this Python."""
    return [sys.executable, "-m", "caseway.ops", *arguments]


def _can_bind(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _named(pid: int | None) -> str:
    if pid is None:
        return "another user's program"
    try:
        return f"{psutil.Process(pid).name()} (process {pid})"
    except psutil.Error:
        return f"process {pid}"


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with(parent: int) -> None:
    """In the child, before it becomes the program: the kernel sends SIGTERM when the parent ends."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)
