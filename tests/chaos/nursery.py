"""Run as a program: forks `caseway worker` and `caseway watch` out of one process that has loaded everything already.

A start costs a second of processor time, most of it for imports; some hundred kills would spend minutes on that. Each
child is a process of its own that runs the command as the shell would; it dies when this process does.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    import django
    from django.db.migrations.loader import MigrationLoader

    from caseway.ops import command_line

    django.setup()
    MigrationLoader(None)
    for name in (
        "intake.process",
        "outbound.send",
        "mailboxes.diagnosis",
        "mailboxes.watch",
        "ops.watcher",
        "ops.worker",
    ):
        importlib.import_module(f"caseway.{name}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        wish = json.loads(line)
        if pid := os.fork():
            print(pid, flush=True)
        else:
            become(command_line, **wish)


def become(command_line: object, command: str, crash_at: str, log: str) -> None:
    """Never returns."""
    from caseway.accounts import crash_points

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ["CASEWAY_CRASH_AT"] = crash_at
    importlib.reload(crash_points)
    sys.argv = ["caseway", command]
    try:
        command_line.main()  # type: ignore[attr-defined]
    except SystemExit as end:
        os._exit(end.code if isinstance(end.code, int) else 1)
    os._exit(0)


if __name__ == "__main__":
    main()
