"""Lists: what each view holds, in which order, page by page, under which headings, and how many."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from caseway.accounts.models import Team
from caseway.accounts.prepared import Prepared
from caseway.cases import lists
from caseway.cases.lists import views
from caseway.cases.lists.unread import mark_read, mark_unread
from caseway.cases.models import Case, Mention, Message, WrittenDraft
from caseway.contacts.models import Customer
from tests.companies import Company

NOW = timezone.now().replace(microsecond=0)
TODAY = timezone.localdate()


def make(company: Company, subject: str, minutes: int = 0, **values: Any) -> Case:
    moment = NOW - datetime.timedelta(minutes=minutes)
    values = {"created_at": moment, "modified_at": moment, **values}
    return Case.objects.create(
        organisation=company.organisation, number=Case.objects.count() + 1, subject=subject, **values
    )


def held(company: Company, slug: str) -> set[str]:
    view = lists.VIEWS[slug]
    whole = {case.subject for case in view.rows(company.maya)}
    assert {case.subject for case in lists.page(view.parts(company.maya)).rows} == whole
    return whole


def test_my_cases_are_those_assigned_to_me_and_those_i_follow(company: Company) -> None:
    make(company, "mine", assigned_employee=company.maya)
    followed = make(company, "followed", assigned_employee=company.dana)
    both = make(company, "both", assigned_employee=company.maya)
    closed = make(company, "closed", status="closed")
    make(company, "dana's", assigned_employee=company.dana)
    for case in (followed, both, closed):
        case.follow(company.maya, by=company.maya)
    assert held(company, "my-cases") == {"mine", "followed", "both"}
    assert lists.counts(company.maya)["my-cases"] == 3


def test_a_snoozed_case_is_in_no_open_list_but_snoozed(company: Company) -> None:
    case = make(company, "asleep", assigned_employee=company.maya, status="waiting")
    case.snooze(None, by=company.maya)
    for slug in ("my-cases", "unassigned", "all-open", "waiting"):
        assert held(company, slug) == set()
    assert held(company, "snoozed") == {"asleep"}
    assert lists.counts(company.maya)["snoozed"] == 1


def test_mentions_and_drafts_are_the_employees_own(company: Company) -> None:
    mentioned, drafted = make(company, "mentioned"), make(company, "drafted")
    own = {"organisation": company.organisation}
    for number in range(2):
        note = Message.objects.create(case=mentioned, direction="note", text=f"@Maya {number}", **own)
        Mention.objects.create(case=mentioned, message=note, employee=company.maya, **own)
    for kind in ("reply", "note"):
        WrittenDraft.objects.create(case=drafted, employee=company.maya, kind=kind, **own)
    WrittenDraft.objects.create(case=mentioned, employee=company.dana, **own)
    assert held(company, "mentions") == {"mentioned"}
    assert held(company, "drafts") == {"drafted"}
    Mention.objects.update(done_at=NOW)
    assert held(company, "mentions") == {"mentioned"}, "it stays to be found"
    assert lists.counts(company.maya)["mentions"] == 0, "but calls nobody any more"


def test_a_status_that_is_asked_for_brings_closed_cases_into_an_open_list(company: Company) -> None:
    make(company, "open", status="open")
    make(company, "closed", status="closed")
    rows = lists.VIEWS["all-open"].rows(company.maya, in_any_status=True)
    assert {case.subject for case in rows} == {"open", "closed"}


@pytest.fixture
def nine(company: Company) -> list[Case]:
    """Cases that differ in everything that a list can be ordered by; some are equal."""
    customer = Customer.objects.create(organisation=company.organisation, name="Atelier_Ü & 1")
    team = Team.objects.create(organisation=company.organisation, name="Returns")
    people = [company.maya, company.dana, None]
    return [
        make(
            company,
            f"case {index}",
            minutes=(index * 7) % 5,
            created_at=NOW - datetime.timedelta(days=index % 4),
            received_at=NOW - datetime.timedelta(hours=index % 3) if index % 2 else None,
            priority=["low", "urgent", "normal", "high"][index % 4],
            status=["new", "open", "waiting"][index % 3],
            need_by=TODAY + datetime.timedelta(days=index % 3) if index % 4 else None,
            assigned_employee=people[index % 3],
            assigned_team=team if index == 8 else None,
            customer=customer if index % 2 else None,
        )
        for index in range(9)
    ]


@pytest.mark.parametrize("grouping", ["", *lists.GROUPINGS])
@pytest.mark.parametrize("sort", lists.SORTS.values(), ids=lambda sort: sort.slug)
@pytest.mark.parametrize("slug", ["all-open", "my-cases"])
def test_pages_of_every_order_miss_and_repeat_nothing(
    company: Company, nine: list[Case], slug: str, sort: lists.Sort, grouping: str
) -> None:
    if slug == "my-cases":
        nine[1].follow(company.maya, by=company.maya)
        nine[0].follow(company.maya, by=company.maya)
    parts = lists.VIEWS[slug].parts(company.maya)
    whole = [case.pk for case in lists.page(parts, sort=sort, grouping=grouping).rows]
    assert len(whole) == len(set(whole)) == (9 if slug == "all-open" else 4)
    paged: list[int] = []
    after = ""
    while True:
        page = lists.page(parts, after, 2, sort=sort, grouping=grouping, employee=company.maya)
        paged += [case.pk for case in page.rows]
        after = page.next
        if not after:
            break
    assert paged == whole


def in_order(company: Company, slug: str) -> list[Case]:
    return lists.page(lists.VIEWS["all-open"].parts(company.maya), sort=lists.SORTS[slug]).rows


def test_orders_say_what_comes_first(company: Company, nine: list[Case]) -> None:
    ranks = {"urgent": 0, "high": 1, "normal": 2, "low": 3}
    assert [ranks[case.priority] for case in in_order(company, "priority")] == sorted(ranks[c.priority] for c in nine)
    assert [case.modified_at for case in in_order(company, "changed")] == sorted(
        (case.modified_at for case in nine), reverse=True
    )
    came = [case.received_at or case.created_at for case in in_order(company, "waiting")]
    assert came == sorted(came)
    due = [case.need_by for case in in_order(company, "need-by")]
    assert [day for day in due if day] == sorted(day for day in due if day)
    assert due[-3:] == [None, None, None], "those without a date come last"


@pytest.mark.parametrize("grouping", lists.GROUPINGS)
def test_each_heading_stands_once_and_says_how_many(company: Company, nine: list[Case], grouping: str) -> None:
    parts = lists.VIEWS["all-open"].parts(company.maya)
    page = lists.page(parts, grouping=grouping)
    groups = lists.groups(page, grouping, lists.DEFAULT)
    assert len({group.heading for group in groups}) == len(groups)
    assert all(group.heading and group.count == len(group.rows) for group in groups)
    paged: list[str] = []
    after, before = "", None
    while True:
        page = lists.page(parts, after, 2, grouping=grouping)
        found = lists.groups(page, grouping, lists.DEFAULT, before=before)
        paged += [group.heading for group in found if group.heading]
        after, before = page.next, page.rows[-1]
        if not after:
            break
        assert found[-1].count is None, "more of them may follow"
    assert paged == [group.heading for group in groups]


@pytest.mark.parametrize(
    "after",
    ["x", "_", "2026-11-25_", "9999999999999999999999_1", "2026-11-25T00:00:00_99999999999999999999", "a_b_c_d"],
)
def test_a_key_that_cannot_be_read_is_the_beginning(company: Company, nine: list[Case], after: str) -> None:
    for sort in lists.SORTS.values():
        assert len(lists.page(lists.VIEWS["all-open"].rows(company.maya), after, sort=sort).rows) == 9


def test_a_page_of_a_view_of_several_parts_is_one_query(company: Company, nine: list[Case]) -> None:
    with CaptureQueriesContext(connection) as queries:
        lists.page(lists.VIEWS["my-cases"].parts(company.maya), employee=company.maya)
    assert len(queries) == 1


def test_counts_are_one_query_and_stop(company: Company, nine: list[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caseway.cases.lists.views.MOST_COUNTED", 4)
    monkeypatch.setattr(views, "_COUNTS", Prepared(views._counting))
    with CaptureQueriesContext(connection) as queries:
        found = lists.counts(company.maya)
    assert len(queries) == 1
    assert found == {
        "my-cases": 3, "unassigned": 2, "all-open": 4, "waiting": 3, "mentions": 0, "drafts": 0, "snoozed": 0
    }  # fmt: skip


def unread(company: Company) -> dict[str, bool]:
    page = lists.page(lists.VIEWS["all-open"].parts(company.maya), employee=company.maya)
    return {case.subject: getattr(case, "is_unread") for case in page.rows}  # noqa: B009


def test_mail_that_came_after_the_last_look_is_unread(company: Company) -> None:
    by_hand, mailed = make(company, "by hand"), make(company, "mailed", received_at=NOW)
    assert unread(company) == {"by hand": False, "mailed": True}
    mark_read(company.maya, [by_hand, mailed])
    assert unread(company) == {"by hand": False, "mailed": False}
    Case.objects.filter(pk=mailed.pk).update(received_at=timezone.now())
    assert unread(company)["mailed"] is True
    mark_unread(company.maya, [by_hand])
    assert unread(company)["by hand"] is True
