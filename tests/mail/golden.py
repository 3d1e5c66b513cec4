"""Golden files of the corpus: what `explain` says of each message. `bin/accept-corpus` writes, the tests compare."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from caseway.mail.explain import explain

CORPUS = Path(__file__).parent.parent / "corpus"


def messages() -> list[Path]:
    return sorted(CORPUS.glob("*.eml"))


def golden(message: Path) -> str:
    """The golden text of one message, stable to the byte."""
    return json.dumps(explain(message.read_bytes()), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def accept(names: list[str]) -> int:
    """Write the golden files of the named messages, of all without names; returns how many changed."""
    changed = 0
    for message in messages():
        if names and message.stem not in names:
            continue
        target = message.with_suffix(".json")
        text = golden(message)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            changed += 1
            print(target.stem)
    return changed


if __name__ == "__main__":
    print(f"{accept(sys.argv[1:])} of {len(messages())} golden files written")
