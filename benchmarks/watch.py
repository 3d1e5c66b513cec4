"""Many idle mailboxes in one process: bin/bench watch [--mailboxes 300] [--seconds 60].

Each is a user of a real Dovecot, read over TLS with IDLE. Printed: time until all are watched, memory and CPU while
nothing happens, and the time after a restart of Dovecot until all are back.
"""

from __future__ import annotations

import argparse
import sys
import time

import psutil

from benchmarks.stack import PASSWORD, Stack, cpu, stack, wait_for


def main() -> int:
    options = argparse.ArgumentParser(prog="bin/bench watch")
    options.add_argument("--mailboxes", type=int, default=300)
    options.add_argument("--seconds", type=int, default=60)
    chosen = options.parse_args()
    with stack() as servers:
        measure(servers, chosen.mailboxes, chosen.seconds)
    return 0


def measure(servers: Stack, mailboxes: int, seconds: int) -> None:
    for number in range(mailboxes):
        servers.connect(f"team{number}@desk.example", password=PASSWORD)
    began = time.monotonic()
    process = psutil.Process(servers.caseway("watch").pid)
    wait_for(lambda: _watched() == mailboxes, "all mailboxes to be watched", 600, 0.25)
    print(f"{mailboxes} mailboxes watched after {time.monotonic() - began:.1f} s", flush=True)
    time.sleep(5)
    before, began = cpu(process), time.monotonic()
    time.sleep(seconds)
    share = (cpu(process) - before) / (time.monotonic() - began)
    memory = process.memory_info().rss / 1e6
    print(f"  idle         {memory:.0f} MB resident, {share * 100:.1f} % of a core over {seconds} s")
    before = cpu(process)
    servers.dovecot.stop()
    servers.dovecot.start()
    back = wait_for(lambda: _sessions(servers) >= mailboxes, "all to come back", 300, 0.25)
    print(f"  restart      all back {back:.1f} s after Dovecot answers again, {cpu(process) - before:.1f} s of CPU")
    print(f"  then         {process.memory_info().rss / 1e6:.0f} MB resident")


def _watched() -> int:
    from caseway.accounts.scope import every_organisation
    from caseway.mailboxes.models import Mailbox

    with every_organisation():
        return Mailbox.objects.filter(watched_by="idle").count()


def _sessions(servers: Stack) -> int:
    """Signed-in clients of Dovecot: it has a process for each."""
    return sum(
        one.info["name"] == "imap" and one.info["cwd"] is not None and str(servers.dovecot.folder) in one.info["cwd"]
        for one in psutil.process_iter(["name", "cwd"])
    )


if __name__ == "__main__":
    sys.exit(main())
