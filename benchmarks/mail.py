"""How fast messages are read: bin/bench mail [DIRECTORY…]. Without a directory: tests/corpus."""

from __future__ import annotations

import resource
import sys
import time
from email import message_from_bytes, policy
from pathlib import Path

from caseway.mail.classify import Own, classify
from caseway.mail.parse import parse

ROUNDS = 3
OWN = Own(addresses=frozenset())


def main(directories: list[str]) -> int:
    """Print mean, median, slowest of reading and of judging, and the standard library's reading beside it."""
    paths = [path for name in directories for path in sorted(Path(name).glob("*.eml"))]
    if not paths:
        print("no *.eml files there", file=sys.stderr)
        return 2
    raws = [path.read_bytes() for path in paths]
    for raw in raws:  # modules and patterns are loaded once, not per message
        classify(parse(raw), OWN)
    reading = [_best(lambda raw=raw: parse(raw)) for raw in raws]
    emails = [parse(raw) for raw in raws]
    judging = [_best(lambda email=email: classify(email, OWN)) for email in emails]
    size = sum(len(raw) for raw in raws)
    print(f"{len(raws)} messages, {size / 1e6:.1f} MB")
    _line("parse", reading, paths)
    _line("classify", judging, paths)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    _line("stdlib (default policy)", [_best(lambda raw=raw: _stdlib(raw), rounds=1) for raw in raws], paths)
    return 0


def _best(work: object, rounds: int = ROUNDS) -> float:
    """Shortest of a few runs, in seconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()  # type: ignore[operator]
        times.append(time.perf_counter() - began)
    return min(times)


def _line(name: str, times: list[float], paths: list[Path]) -> None:
    slowest = max(range(len(times)), key=times.__getitem__)
    ordered = sorted(times)
    print(
        f"{name:24} mean {sum(times) / len(times) * 1e3:7.3f} ms   median {ordered[len(ordered) // 2] * 1e3:7.3f} ms"
        f"   slowest {times[slowest] * 1e3:8.1f} ms ({paths[slowest].name})"
    )


def _stdlib(raw: bytes) -> None:
    try:
        message = message_from_bytes(raw, policy=policy.default)
        _ = [str(value) for value in message.values()]
        for part in message.walk():
            part.get_payload(decode=True)
    except Exception:  # noqa: S110  it raises on a part of the corpus; that is the point of having our own
        pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["tests/corpus"]))
