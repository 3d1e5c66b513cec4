"""Saved views: whose they are, who may change them, and in which order they stand."""

from __future__ import annotations

import pytest

from caseway.cases.errors import NotAllowedError
from caseway.cases.lists import VIEWS
from caseway.cases.lists import saved as saving
from caseway.cases.models import SavedView
from tests.companies import Company


@pytest.fixture
def views(company: Company) -> dict[str, SavedView]:
    def make(employee: object, name: str, *, shared: bool = False) -> SavedView:
        return saving.save_view(employee, name, VIEWS["waiting"], {"status": ["open"]}, sort="newest", is_shared=shared)  # type: ignore[arg-type]

    return {
        "own": make(company.dana, "own"),
        "second": make(company.dana, "second"),
        "shared": make(company.dana, "shared", shared=True),
        "maya's": make(company.maya, "maya's"),
    }


def names(company: Company, who: str = "dana") -> list[str]:
    return [row.name for row in saving.saved_views(getattr(company, who))]


def test_one_sees_ones_own_and_the_shared_ones(company: Company, views: dict[str, SavedView]) -> None:
    assert names(company) == ["own", "second", "shared"]
    assert names(company, "maya") == ["shared", "maya's"]


def test_a_view_keeps_its_base_filters_and_order(company: Company, views: dict[str, SavedView]) -> None:
    saved = SavedView.objects.get(name="own")
    assert saving.base_of(saved).slug == "waiting"
    assert saved.filters["status"] == ["open"]
    assert (saved.sort, saved.grouping) == ("newest", "")
    saving.keep_as_shown(saved, {"tag": ["x"]}, sort="nonsense", grouping="day", by=company.dana)
    saved.refresh_from_db()
    assert saved.filters == {"view": ["waiting"], "tag": ["x"]}
    assert (saved.sort, saved.grouping) == ("", "day")


def test_a_shared_view_is_changed_by_its_owner_and_administrators(
    company: Company, views: dict[str, SavedView]
) -> None:
    saving.describe(views["shared"], name="  Late   ones ", is_shared=True, by=company.maya)
    assert views["shared"].name == "Late ones"
    for by, key in ((company.maya, "own"), (company.light, "shared")):
        with pytest.raises(NotAllowedError):
            saving.delete(views[key], by=by)
    with pytest.raises(NotAllowedError):
        saving.save_view(company.light, "x", VIEWS["waiting"], {}, is_shared=True)
    with pytest.raises(ValueError, match="name"):
        saving.describe(views["own"], name=" \0 ", is_shared=False, by=company.dana)


def test_a_view_moves_among_its_kind_and_stops_at_the_ends(company: Company, views: dict[str, SavedView]) -> None:
    SavedView.objects.update(position=0)
    saving.move(views["second"], -1, by=company.dana)
    assert names(company) == ["second", "shared", "own"] or names(company)[0] == "second"
    saving.move(views["second"], -1, by=company.dana)
    assert names(company)[0] == "second"
    saving.move(views["second"], 1, by=company.dana)
    assert [name for name in names(company) if name != "shared"] == ["own", "second"]
