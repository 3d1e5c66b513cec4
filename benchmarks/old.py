"""A mailbox with much old mail: bin/bench old [--messages 100000].

Times until it is watched for the first time, and from a new mail's delivery to the server's word and to the case.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time

from benchmarks.latency import _mail
from benchmarks.observe import CaseNews, ServerNews
from benchmarks.stack import ADDRESS, PASSWORD, Stack, stack, wait_for


def main() -> int:
    options = argparse.ArgumentParser(prog="bin/bench old")
    options.add_argument("--messages", type=int, default=100_000)
    options.add_argument("--mails", type=int, default=5)
    chosen = options.parse_args()
    with stack() as servers:
        measure(servers, chosen.messages, chosen.mails)
    return 0


def measure(servers: Stack, messages: int, mails: int) -> None:
    from caseway.accounts.scope import organisation_scope
    from caseway.mailboxes.models import Mailbox

    servers.dovecot.add_user(ADDRESS, PASSWORD)
    servers.put([_mail("old")])
    fill(servers, messages)
    began = time.monotonic()
    with servers.dovecot.connect(ADDRESS) as imap:
        imap.select("INBOX", readonly=True)
    print(f"{messages} messages; Dovecot's own first look at them {time.monotonic() - began:.1f} s", flush=True)
    servers.caseway("worker")
    servers.caseway("watch")
    time.sleep(3)
    began = time.monotonic()
    mailbox = servers.connect()
    with organisation_scope(mailbox.organisation_id):
        wait_for(lambda: Mailbox.objects.filter(watched_by="idle").exists(), "the watcher", 120)
    print(f"  watched      {time.monotonic() - began:.1f} s after it was connected")
    said, seen = ServerNews(servers.dovecot.port, ADDRESS, PASSWORD), CaseNews(servers.postgres.dsn)
    words, cases = [], []
    for number in range(mails):
        began = time.monotonic()
        servers.put([_mail(f"new {number}")])
        cases.append(seen.next() - began)
        words.append(said.next() - began)
        time.sleep(1)
    seen.close()
    print(
        f"  new mail     server's word to another client after {statistics.median(words):.2f} s, slowest {max(words):.2f} s"
    )
    print(f"               case after {statistics.median(cases):.2f} s, slowest {max(cases):.2f} s")


def fill(servers: Stack, messages: int) -> None:
    """Old mail: links to one file, each a message of its own to the server."""
    maildir = servers.dovecot.folder / "mail" / ADDRESS / "Maildir"
    [first] = [*(maildir / "new").iterdir(), *(maildir / "cur").iterdir()]
    length = first.stat().st_size
    for number in range(messages):
        os.link(first, maildir / "cur" / f"{1_600_000_000 + number}.M0P{number}.bench,S={length},W={length}:2,S")


if __name__ == "__main__":
    sys.exit(main())
