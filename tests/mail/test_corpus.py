"""Every message of the corpus is explained as recorded. A change is reviewed as the diff of `bin/accept-corpus`."""

from __future__ import annotations

import runpy
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from caseway.mail.explain import explain
from tests.mail.golden import golden, messages

SHARED = next(
    (up / "shared/corpus" for up in Path(__file__).resolve().parents if (up / "shared/corpus/score.py").is_file()), None
)


@pytest.mark.parametrize("message", messages(), ids=attrgetter("stem"))
def test_is_explained_as_recorded(message: Path) -> None:
    recorded = message.with_suffix(".json")
    assert recorded.exists(), "run bin/accept-corpus and read the new file"
    assert golden(message) == recorded.read_text(encoding="utf-8")


def test_corpus_is_large_enough_and_has_no_stray_golden_files() -> None:
    names = {message.stem for message in messages()}
    assert len(names) >= 150
    assert {path.stem for path in messages()[0].parent.glob("*.json")} == names


FLOORS = {
    "subject": 113, "from_email": 113, "attachment_names": 48, "attachment_count": 14, "body_text": 61,
    "bounce": 394, "auto": 9, "reply_text": 71, "reply_excludes": 15,
}  # fmt: skip
"""What is reached of other projects' expectations; the rest is in docs/decisions/corpus-expectations.md."""


@pytest.mark.skipif(SHARED is None, reason="the corpus of other projects' mails is not on this machine")
def test_mails_of_other_projects_are_read_as_well_as_before() -> None:
    assert SHARED is not None
    score = runpy.run_path(str(SHARED / "score.py"))
    totals, failures = score["run"](str(SHARED), _for_score)
    assert not [one for one in failures if one[1] == "EXC"]
    assert {key: totals[key][0] for key, floor in FLOORS.items() if totals[key][0] < floor} == {}


def _for_score(raw: bytes) -> dict[str, Any]:
    answer = explain(raw)
    answer["attachments"] = [(one["name"], one["size"], one["md5"]) for one in answer["attachments"]]
    return answer
