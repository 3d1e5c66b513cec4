"""From a mailbox to answered cases: bin/bench intake [DIRECTORY with *.eml and manifest.jsonl] [--mails 1000].

Mails lie down in a real Dovecot at once. Measured is from there until the last is a case (or part of one) and until the
last acknowledgement was taken by an SMTP server, with one worker, one watcher and a durable PostgreSQL on this machine.
What comes out is counted and compared, letter by letter.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from email import message_from_bytes
from pathlib import Path
from typing import Any

import psutil

from benchmarks.corpus import Sample, corpus
from benchmarks.stack import Stack, apart, cpu, stack, wait_for


def main() -> int:
    options = argparse.ArgumentParser(prog="bin/bench intake")
    options.add_argument("directory", nargs="?")
    options.add_argument("--mails", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    samples = read(Path(chosen.directory)) if chosen.directory else corpus(chosen.mails)
    size = sum(len(one.raw) for one in samples)
    print(f"{len(samples)} mails, {size / 1e6:.1f} MB, {sum(one.is_reply for one in samples)} replies")
    rounds = []
    for _ in range(chosen.rounds):
        rounds.append(apart(one_round, samples))
        print("  ".join(f"{name} {value:.2f}" for name, value in rounds[-1].items()))
    print("\nmedian of", len(rounds))
    for name in rounds[0]:
        print(f"  {name:28} {statistics.median(one[name] for one in rounds):8.2f}")
    return 0


def one_round(samples: list[Sample]) -> dict[str, float]:
    with stack() as servers:
        return measure(servers, samples)


def read(directory: Path) -> list[Sample]:
    """A corpus from files: manifest.jsonl says file, frm, subject and kind of each."""
    lines = [json.loads(line) for line in (directory / "manifest.jsonl").read_text().splitlines()]
    return [
        Sample((directory / one["file"]).read_bytes(), one["frm"], one["subject"], one["kind"] == "reply")
        for one in lines
    ]


def measure(servers: Stack, samples: list[Sample]) -> dict[str, float]:
    from caseway.accounts.scope import organisation_scope
    from caseway.intake.models import InboundEmail, InboundState
    from caseway.mailboxes.models import Mailbox
    from caseway.outbound.models import OutboundEmail, OutboundState

    mailbox = servers.connect()
    worker, watcher = servers.caseway("worker"), servers.caseway("watch")
    with organisation_scope(mailbox.organisation_id):
        wait_for(lambda: Mailbox.objects.filter(pk=mailbox.pk, watched_by="idle").exists(), "the watcher", 60)
        processes = {
            "worker": psutil.Process(worker.pid),
            "watcher": psutil.Process(watcher.pid),
            "database": servers.postgres_process(),
        }
        time.sleep(1)  # the worker's start is not its work
        before = {name: cpu(one) for name, one in processes.items()}
        began = time.monotonic()
        servers.put([one.raw for one in samples])
        due = InboundEmail.objects.filter(state__in=[InboundState.PENDING, InboundState.FAILED])
        done = InboundEmail.objects.exclude(processed_at=None)
        wait_for(lambda: done.count() == len(samples) and not due.exists(), "all mail to be processed", 600, 0.1)
        in_cases = time.monotonic() - began
        queued = OutboundEmail.objects.exclude(state=OutboundState.SENT)
        wait_for(lambda: not queued.exists(), "all acknowledgements to leave", 600, 0.1)
        sent = time.monotonic() - began
        after = {name: cpu(one) for name, one in processes.items()}
        check(servers, samples)
    each = {f"{name} ms CPU a mail": (after[name] - before[name]) * 1e3 / len(samples) for name in processes}
    return {
        "mails in cases a second": len(samples) / in_cases,
        "and acknowledged a second": len(samples) / sent,
        **each,
        "worker + database": each["worker ms CPU a mail"] + each["database ms CPU a mail"],
    }


def check(servers: Stack, samples: list[Sample]) -> None:
    """Every figure that does not depend on the machine. Raises SystemExit when one is wrong."""
    from caseway.cases.models import Case, Direction, Message
    from caseway.contacts.models import Contact

    taken = servers.taken()
    new = sum(not one.is_reply for one in samples)
    incoming = Message.objects.filter(direction=Direction.IN)
    found = {
        "cases": Case.objects.count(),
        "threaded": incoming.count() - Case.objects.count(),
        "contacts": Contact.objects.count(),
        "acknowledgements": len(taken),
        "different ones": len(set(taken)),
        "letters intact": sum(_is_intact(one, incoming) for one in samples),
    }
    senders = len({one.sender for one in samples})
    wanted = {
        "cases": new,
        "threaded": len(samples) - new,
        "contacts": senders,
        "acknowledgements": new,
        "different ones": new,
        "letters intact": len(samples),
    }
    print(", ".join(f"{value} {name}" for name, value in found.items()))
    if found != wanted:
        sys.exit(f"wrong: it should be {wanted}")


def _is_intact(sample: Sample, messages: Any) -> bool:
    """Subject and text as the standard library reads them, given a well-formed mail."""
    parsed = message_from_bytes(sample.raw)
    message = messages.filter(message_identifier=str(parsed["Message-ID"]).strip().strip("<>")).first()
    if message is None or message.subject.split() != sample.subject.split():
        return False
    part = next(one for one in parsed.walk() if one.get_content_type() == "text/plain")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    text = content.decode(part.get_content_charset() or "ascii")
    return bool(text.split() == message.text.split())


if __name__ == "__main__":
    sys.exit(main())
