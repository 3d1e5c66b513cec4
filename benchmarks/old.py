"""A mailbox with much old mail: bin/bench old [--messages 100000].

Times until it is watched for the first time, from a new mail's delivery to its case, and, without Caseway, to the word
of Dovecot, which reads the whole folder anew whenever a Maildir changes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.latency import _mail
from benchmarks.observe import CaseNews, ServerNews
from benchmarks.stack import ADDRESS, PASSWORD, Stack, end, stack, wait_for


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
    watcher = servers.caseway("watch")
    mailbox = servers.connect("empty@desk.example")
    with organisation_scope(mailbox.organisation_id):
        watched = Mailbox.objects.filter(watched_by="idle")
        wait_for(lambda: watched.count() == 1, "the watcher's start", 120)
        began = time.monotonic()
        servers.connect()
        wait_for(lambda: watched.count() == 2, "the mailbox to be watched", 120)
    print(f"  watched      {time.monotonic() - began:.1f} s after it was connected", flush=True)
    seen = CaseNews(servers.postgres.dsn)
    _line("case after", [_time(servers, f"new {number}", seen.next) for number in range(mails)])
    seen.close()
    end(watcher)  # two clients of one large Maildir hold each other up
    said = ServerNews(servers.dovecot.port, ADDRESS, PASSWORD)
    _line("server's word alone after", [_time(servers, f"then {number}", said.next) for number in range(mails)])


def _time(servers: Stack, subject: str, next_news: Callable[[], float]) -> float:
    """Seconds from a mail's delivery to the news of it."""
    time.sleep(2)
    began = time.monotonic()
    servers.put([_mail(subject)])
    return next_news() - began


def _line(what: str, seconds: list[float]) -> None:
    print(f"  new mail     {what} {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s")


def fill(servers: Stack, messages: int) -> None:
    """Old mail: links to few files, each a message of its own to the server."""
    maildir = servers.dovecot.folder / "mail" / ADDRESS / "Maildir"
    [first] = [*(maildir / "new").iterdir(), *(maildir / "cur").iterdir()]
    length = first.stat().st_size
    raw, owner, original = first.read_bytes(), first.stat(), first
    for number in range(messages):
        path = maildir / "cur" / f"{1_600_000_000 + number}.M0P{number}.bench,S={length},W={length}:2,S"
        if number % 50_000:  # file systems allow some 65,000 links
            os.link(original, path)
            continue
        path.write_bytes(raw)
        os.chown(path, owner.st_uid, owner.st_gid)
        original = path


if __name__ == "__main__":
    sys.exit(main())
