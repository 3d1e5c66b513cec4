"""Every message of the corpus is explained as recorded. A change is reviewed as the diff of `bin/accept-corpus`."""

from __future__ import annotations

import json
import os
from operator import attrgetter
from pathlib import Path

import pytest

from caseway.mail.explain import explain
from tests.mail.golden import golden, messages

SHARED = Path(os.environ.get("CASEWAY_TEST_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))


@pytest.mark.parametrize("message", messages(), ids=attrgetter("stem"))
def test_is_explained_as_recorded(message: Path) -> None:
    recorded = message.with_suffix(".json")
    assert recorded.exists(), "run bin/accept-corpus and read the new file"
    assert golden(message) == recorded.read_text(encoding="utf-8")


def test_corpus_is_large_enough_and_has_no_stray_golden_files() -> None:
    names = {message.stem for message in messages()}
    assert len(names) >= 150
    assert {path.stem for path in messages()[0].parent.glob("*.json")} == names


@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpus of other projects' mails is not on this machine")
def test_mails_of_other_projects_are_all_answered() -> None:
    expected = {}
    for line in (SHARED / "expect.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        expected[one["file"]] = one
    wrong = []
    for path in sorted(SHARED.glob("*.eml")):
        answer = explain(path.read_bytes())
        if (
            isinstance(expected.get(path.name, {}).get("bounce"), bool)
            and answer["bounce"] != expected[path.name]["bounce"]
        ):
            wrong.append(path.name)
    assert len(wrong) <= 2, wrong
