"""The supervisor: what dies is started again, and nothing outlives it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from caseway.ops.supervisor import AlreadyRunning, Child, Supervisor, only_one, who_listens
from tests.servers.ports import free_port
from tests.servers.waiting import wait_for

SLEEPER = [sys.executable, "-c", "import time; print('awake'); time.sleep(600)"]


@contextmanager
def running(supervisor: Supervisor) -> Iterator[None]:
    def work() -> None:
        supervisor.start()
        supervisor.run()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        supervisor.stop.set()
        thread.join(20)
        assert not thread.is_alive()


def test_starts_again_what_was_killed_and_ends_all(tmp_path: Path) -> None:
    child = Child("sleeper", SLEEPER)
    with running(Supervisor([child], tmp_path)):
        wait_for(lambda: child.is_running, "the child")
        first = child.process
        assert first is not None
        first.kill()
        wait_for(lambda: child.is_running and child.process is not first, "the next child")
        last = child.process
    assert last is not None
    assert last.poll() is not None
    assert child.starts == 2


def test_failing_child_is_tried_with_growing_pauses(tmp_path: Path) -> None:
    child = Child("failing", [sys.executable, "-c", "import sys; sys.exit('I cannot')"])
    with running(Supervisor([child], tmp_path)):
        wait_for(lambda: child.starts >= 2, "a second try")
        wait_for(lambda: child.pause >= 2, "a longer pause")
    assert "I cannot" in (tmp_path / "failing.log").read_text()


def test_output_goes_to_log_and_terminal(tmp_path: Path) -> None:
    heard: list[str] = []
    with running(Supervisor([Child("sleeper", SLEEPER)], tmp_path, echo=heard.append)):
        wait_for(lambda: heard, "a line")
    assert heard[0] == "sleeper  │ awake"
    assert "awake" in (tmp_path / "sleeper.log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from caseway.ops.supervisor import Child, Supervisor\n"
        f"s = Supervisor([Child('sleeper', {SLEEPER!r})], Path(sys.argv[1])); s.start()\n"
        "print(s.children[0].process.pid, flush=True); s.run()"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    wait_for((tmp_path / "sleeper.log").exists, "the child to be awake")
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait(10)
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie", "the child to die")


def test_one_at_a_time_and_a_killed_one_is_in_nobodys_way(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(AlreadyRunning, match=str(os.getpid())), only_one(tmp_path):
        pass
    (tmp_path / "running.lock").write_text("4711")
    with only_one(tmp_path):
        assert (tmp_path / "running.lock").read_text() == str(os.getpid())


def test_names_who_holds_a_port() -> None:
    port = free_port()
    assert who_listens(port) == ""
    with socket.create_server(("127.0.0.1", port)):
        assert str(os.getpid()) in who_listens(port)
