"""Drafts: an older tab overwrites nothing, files have limits, an empty one is none."""

from __future__ import annotations

import pytest

from caseway.cases.models import Case, DraftKind, WrittenDraft
from caseway.mail.model import File
from caseway.outbound import drafts
from caseway.outbound.errors import CannotSendError
from tests.companies import Company


@pytest.fixture
def place(company: Company) -> drafts.Place:
    case = Case.objects.create(organisation=company.organisation, number=1, subject="Pole")
    return drafts.Place(case, DraftKind.REPLY)


def test_each_keeping_makes_a_version_and_an_older_tab_is_refused(company: Company, place: drafts.Place) -> None:
    first = drafts.keep(company.maya, place, {"text": "One"}, version=0)
    assert first is not None and first.version == 1
    drafts.keep(company.maya, place, {"text": "Two"}, version=1)
    for old in (0, 1):
        with pytest.raises(drafts.StaleDraftError) as refused:
            drafts.keep(company.maya, place, {"text": "Old tab"}, version=old)
        assert refused.value.draft is not None and refused.value.draft.text == "Two"
    assert WrittenDraft.objects.get().text == "Two"


def test_colleagues_each_have_their_own(company: Company, place: drafts.Place) -> None:
    drafts.keep(company.maya, place, {"text": "Maya's"}, version=0)
    drafts.keep(company.dana, place, {"text": "Dana's"}, version=0)
    assert WrittenDraft.objects.count() == 2


def test_one_that_was_emptied_is_gone(company: Company, place: drafts.Place) -> None:
    drafts.keep(company.maya, place, {"text": "One"}, version=0)
    assert drafts.keep(company.maya, place, {"text": " ", "html": ""}, version=1) is None
    assert not WrittenDraft.objects.exists()


def test_one_with_a_file_stays_without_words(company: Company, place: drafts.Place) -> None:
    kept = drafts.keep(company.maya, place, {"text": ""}, version=0, is_wanted=True)
    assert kept is not None
    drafts.add_file(kept, File("a.txt", "text/plain", b"x"), is_inline=False)
    assert drafts.keep(company.maya, place, {"text": ""}, version=1) is not None


def test_html_is_cleaned_when_it_is_kept(company: Company, place: drafts.Place) -> None:
    html = '<p onmouseover="x()">Hi</p><img src="https://evil.example/x.png"><script>x</script>'
    kept = drafts.keep(company.maya, place, {"text": "Hi", "html": html}, version=0)
    assert kept is not None and kept.html == "<p>Hi</p>"


def test_files_beyond_25_mb_are_refused_before_sending(
    company: Company, place: drafts.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "LARGEST_FILES", 10)
    kept = drafts.keep(company.maya, place, {"text": "x"}, version=0)
    assert kept is not None
    drafts.add_file(kept, File("a.txt", "text/plain", b"123456"), is_inline=False)
    with pytest.raises(CannotSendError, match=r"“b\.txt” does not fit"):
        drafts.add_file(kept, File("b.txt", "text/plain", b"123456"), is_inline=False)
    assert kept.files.count() == 1
