"""What is fuzzed: any bytes are read, judged and explained, within a second, and keep the promises of the model.

`check` is shared by the Hypothesis suite and by `bin/fuzz` (atheris, coverage guided).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

FINDINGS = Path(".fuzz")
SECONDS_A_MESSAGE = 1.0
LONGEST = 4_000
"""Bytes of a fuzzed message: short ones run often, and the bounds have tests of their own."""


def check(raw: bytes) -> None:
    """Raise when a promise is broken."""
    from caseway.mail.classify import Own, classify
    from caseway.mail.html import safe_html
    from caseway.mail.model import Kind
    from caseway.mail.parse import parse, part
    from caseway.mail.quote import pieces, split_html

    email = parse(raw)
    verdict = classify(email, Own(addresses=frozenset({"help@caseway.example"})))
    assert isinstance(verdict.kind, Kind)
    assert verdict.reason
    assert email.size == len(raw)
    for text in (email.subject, email.text, email.html, email.sender.name, email.sender.email, email.message_id):
        text.encode("utf-8")  # no lone surrogates
        assert "\x00" not in text
    for line in (
        email.subject,
        email.sender.name,
        email.sender.email,
        email.message_id,
        *email.in_reply_to,
        *email.references,
    ):
        assert "\n" not in line
        assert "\r" not in line
    for _, value in email.headers:
        assert "\n" not in value
        value.encode("utf-8")
    for box in (*email.to, *email.cc, *email.reply_to):
        assert box.name or box.email
        box.key.encode("utf-8")
    for one in email.attachments:
        assert one.name
        assert "/" not in one.name
        assert "\\" not in one.name
        assert not one.name.startswith(".")
        assert len(one.name) <= 160
        one.name.encode("utf-8")
    if email.attachments and len(email.attachments) < 20:
        last = email.attachments[-1]
        assert part(raw, last.index) == last
    assert "".join(piece.text for piece in pieces(email)) == email.text
    if email.html:
        assert email.html in ("".join(split_html(email.html)), "".join(reversed(split_html(email.html))))
        once = safe_html(email.html, resolve_cid=lambda _: None).html
        assert safe_html(once, resolve_cid=lambda _: None).blocked_images == 0
    json.dumps([verdict.reason, verdict.no_acknowledgement, email.defects])


def main(seconds: int) -> int:
    """Fuzz for a number of seconds from the corpus on; print executions and findings."""
    try:
        import atheris
    except ImportError:
        print("atheris is missing: uv sync --frozen --all-extras --group dev --group fuzz", file=sys.stderr)
        return 2

    with atheris.instrument_imports(include=["caseway.mail"]):
        import caseway.mail.classify
        import caseway.mail.explain  # noqa: F401
    from tests.mail.golden import messages

    FINDINGS.mkdir(exist_ok=True)
    seeds = FINDINGS / "seeds"
    seeds.mkdir(exist_ok=True)
    for message in messages():
        if message.stat().st_size < LONGEST:
            (seeds / message.name).write_bytes(message.read_bytes())
    runs, found, slowest = 0, 0, 0.0
    began = last = time.monotonic()

    def one(raw: bytes) -> None:
        nonlocal runs, found, slowest, last
        started = time.process_time()  # other work on the machine does not count
        problem = ""
        try:
            check(raw)
        except Exception as error:  # counted and kept, and the run goes on
            problem = f"{type(error).__name__}: {error}"
        took = time.process_time() - started
        runs += 1
        slowest = max(slowest, took)
        if took > SECONDS_A_MESSAGE:
            problem = problem or f"took {took:.1f} s"
        if problem:
            found += 1
            if found <= 50:
                name = FINDINGS / f"finding-{found}.eml"
                name.write_bytes(raw)
                print(f"{name}: {problem}", flush=True)
        now = time.monotonic()
        if now - last > 30:
            last = now
            print(f"{runs} executions, {found} findings, slowest {slowest:.3f} s", flush=True)
        if now - began > seconds:
            print(f"{runs} executions in {now - began:.0f} s, {found} findings, slowest {slowest:.3f} s", flush=True)
            sys.stdout.flush()
            import os

            os._exit(1 if found else 0)

    atheris.Setup(
        [
            sys.argv[0],
            f"-max_len={LONGEST}",
            "-timeout=60",
            "-rss_limit_mb=2048",
            "-verbosity=0",
            "-print_final_stats=0",
            str(seeds),
        ],
        one,
    )
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 60))
