"""What a message of 100 MB costs: bin/bench large [--megabytes 100] [--largest BYTES for CASEWAY_LARGEST_MAIL].

Peak memory of the watcher and the worker while it comes in, and how late a small mail to another mailbox becomes a case
meanwhile. Without --largest both are shown: as installed (head and text are fetched) and whole.
"""

from __future__ import annotations

import argparse
import base64
import os
import sys
import time

from benchmarks.stack import Peak, Stack, apart, stack, wait_for

OTHER = "orders@desk.example"


def main() -> int:
    options = argparse.ArgumentParser(prog="bin/bench large")
    options.add_argument("--megabytes", type=int, default=100)
    options.add_argument("--largest", type=int)
    chosen = options.parse_args()
    for largest in [chosen.largest] if chosen.largest else [50 * 1024 * 1024, 128 * 1024 * 1024]:
        apart(one_round, chosen.megabytes, largest)
    return 0


def one_round(megabytes: int, largest: int) -> None:
    with stack(CASEWAY_LARGEST_MAIL=str(largest)) as servers:
        print(f"{megabytes} MB, CASEWAY_LARGEST_MAIL={largest}", flush=True)
        measure(servers, megabytes)


def measure(servers: Stack, megabytes: int) -> None:
    from caseway.accounts.scope import organisation_scope
    from caseway.cases.models import Case, Message
    from caseway.mailboxes.models import Mailbox

    mailbox = servers.connect()
    servers.connect(OTHER)
    worker, watcher = servers.caseway("worker"), servers.caseway("watch")
    with organisation_scope(mailbox.organisation_id):
        wait_for(lambda: Mailbox.objects.filter(watched_by="idle").count() == 2, "the watcher", 60)
        servers.put([small("before", OTHER)], OTHER)
        wait_for(lambda: Case.objects.filter(subject="before").exists(), "the first small mail")
        raw = large(megabytes)
        with Peak(watcher, worker) as peak:
            at_rest = [one.memory_info().rss / 1e6 for one in peak.processes]
            servers.put([raw])
            delays = []
            number = 0
            while not Case.objects.filter(subject="large").exists():
                number += 1
                began = time.monotonic()
                servers.put([small(f"meanwhile {number}", OTHER)], OTHER)
                wait_for(lambda n=number: Case.objects.filter(subject=f"meanwhile {n}").exists(), "a small mail")
                delays.append(time.monotonic() - began)
        message = Message.objects.get(subject="large", direction="in")
        files = [f"{one.name} {one.size / 1e6:.1f} MB" for one in message.attachments.all()]
    print(f"  at rest      watcher {at_rest[0]:.0f} MB, worker {at_rest[1]:.0f} MB")
    print(f"  peak         watcher {peak.megabytes[0]:.0f} MB, worker {peak.megabytes[1]:.0f} MB")
    print(f"  kept         text of {len(message.text)} characters, files: {', '.join(files) or 'none'}")
    print(f"  other mail   {len(delays)} meanwhile, slowest {max(delays, default=0):.2f} s")


def small(subject: str, to: str) -> bytes:
    return (
        f"From: Parker <parker@brightwater.example>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject.replace(' ', '.')}@brightwater.example>\r\n\r\nHello.\r\n"
    ).encode()


def large(megabytes: int) -> bytes:
    """Text and a film that does not compress, in base64 as mail programs send it."""
    head = (
        b"From: Parker <parker@brightwater.example>\r\nTo: support@desk.example\r\nSubject: large\r\n"
        b"Message-ID: <large@brightwater.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n'
        b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nThe film is attached.\r\n"
        b'--b\r\nContent-Type: video/mp4; name="film.mp4"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="film.mp4"\r\n\r\n'
    )
    lines = base64.encodebytes(os.urandom(57 * 1024)).replace(b"\n", b"\r\n")
    return head + lines * (megabytes * 1_000_000 // len(lines)) + b"--b--\r\n"


if __name__ == "__main__":
    sys.exit(main())
