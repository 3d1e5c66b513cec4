"""Filters: which cases each keeps, and what is made of addresses that somebody typed."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from caseway.accounts.models import Team
from caseway.cases.lists import filters
from caseway.cases.lists.unread import mark_read, mark_unread
from caseway.cases.models import Case, CaseAddress
from caseway.contacts.models import Contact, Customer
from tests.companies import Company

NOW = timezone.now()
TODAY = timezone.localdate()


def make(company: Company, subject: str, **values: Any) -> Case:
    number = Case.objects.count() + 1
    return Case.objects.create(organisation=company.organisation, number=number, subject=subject, **values)


@pytest.fixture
def cases(company: Company) -> None:
    """One case for each filter, named after it."""
    organisation = company.organisation
    team = Team.objects.create(organisation=organisation, name="Returns", pk=71)
    contact = Contact.objects.create(organisation=organisation, name="Parker", pk=72)
    customer = Customer.objects.create(organisation=organisation, name="Brightwater", pk=73)
    make(company, "plain")
    make(company, "waiting", status="waiting")
    make(company, "urgent", priority="urgent")
    make(company, "refund", type="Refund")
    make(company, "mine", assigned_employee=company.maya)
    make(company, "dana's", assigned_employee=company.dana)
    make(company, "team's", assigned_team=team)
    make(company, "parker's", contact=contact)
    make(company, "company's", customer=customer)
    make(company, "tagged", tags=["warranty", "ridge"])
    through = make(company, "addressed")
    CaseAddress.objects.create(organisation=organisation, case=through, support_address=company.support)
    make(company, "api", source="api")
    make(company, "old", created_at=NOW - datetime.timedelta(days=40))
    make(company, "overdue", need_by=TODAY - datetime.timedelta(days=1))
    make(company, "today", need_by=TODAY)
    make(company, "week", need_by=TODAY + datetime.timedelta(days=6))
    make(company, "later", need_by=TODAY + datetime.timedelta(days=7))
    make(company, "files", has_attachment=True)
    make(company, "unread", received_at=NOW)
    make(company, "custom", custom={"order-no": "88213", "gift": True})


def found(company: Company, query: str) -> set[str]:
    rows = filters.apply(Case.objects.visible_to(company.maya), filters.read(QueryDict(query)), company.maya)
    return {case.subject for case in rows}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("status=waiting", {"waiting"}),
        ("priority=urgent&priority=high", {"urgent"}),
        ("type=Refund", {"refund"}),
        ("assignee=me", {"mine"}),
        ("assignee=me&team=71", set()),
        ("team=71", {"team's"}),
        ("contact=72", {"parker's"}),
        ("customer=73", {"company's"}),
        ("tag=ridge&tag=other", {"tagged"}),
        ("source=api", {"api"}),
        ("created_before=30d", {"old"}),
        ("need_by=overdue", {"overdue"}),
        ("need_by=today", {"today"}),
        ("need_by=week", {"today", "week"}),
        ("has=attachment", {"files"}),
        ("unread=me", {"unread"}),
        ("field.order-no=88213", {"custom"}),
        ("field.gift=true", {"custom"}),
        ("field.nothing=1", set()),
    ],
)
def test_a_filter_keeps_its_cases(company: Company, cases: None, query: str, wanted: set[str]) -> None:
    assert found(company, query) == wanted


def test_the_rest_of_the_filters(company: Company, cases: None) -> None:
    assert found(company, f"address={company.support.pk}") == {"addressed"}
    assert found(company, f"assignee=me&assignee={company.dana.pk}") == {"mine", "dana's"}
    assert "team's" not in found(company, "assignee=nobody")
    assert {"mine", "plain"} <= found(company, "assignee=nobody&assignee=me")
    assert "old" not in found(company, "created_after=7d")
    assert "old" in found(company, f"created_before={TODAY.isoformat()}")


@pytest.mark.parametrize(
    "query",
    [
        "status=gone", "status=", "assignee=1'--", "team=99999999999999999999", "created_after=yesterday",
        "created_after=0001-01-01", "created_before=9999-12-31", "has=everything", "unread=dana", "nonsense=1",
        "field.a%20b=1", "field.=1",
        "after=x", "q=words", "need_by=%00",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out(query: str) -> None:
    assert filters.read(QueryDict(query)) == {}


def test_values_are_trimmed_counted_and_said_once() -> None:
    many = "&".join(f"tag=t{number}" for number in range(80))
    assert len(filters.read(QueryDict(many))["tag"]) == filters.MOST_VALUES
    assert filters.read(QueryDict("tag=+a+&tag=a&type=" + "x" * 900)) == {"type": ["x" * 200], "tag": ["a"]}


def test_an_address_reads_back_as_the_same_filters() -> None:
    wanted = {"status": ["new", "open"], "tag": ["a&b=c", "ü"], "field.order-no": ["1 2"]}
    assert filters.read(QueryDict(filters.encode(wanted))) == wanted


def test_a_stored_view_is_read_with_the_same_care() -> None:
    assert filters.stored({"status": ["new", 7, "gone"], "team": "3", "x": ["y"]}) == {"status": ["new"]}
    assert filters.stored(["status"]) == {}


def test_reading_is_per_person(company: Company, cases: None) -> None:
    case = Case.objects.get(subject="unread")
    mark_read(company.maya, [case])
    assert found(company, "unread=me") == set()
    mark_unread(company.maya, [case, Case.objects.get(subject="plain")])
    assert found(company, "unread=me") == {"unread", "plain"}
    rows = filters.apply(Case.objects.visible_to(company.dana), {"unread": ["me"]}, company.dana)
    assert [row.subject for row in rows] == ["unread"]
