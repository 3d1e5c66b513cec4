"""Mentions in notes, and who is at a case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from caseway.accounts.models import Employee, Role
from caseway.cases import presence
from caseway.cases.models import Case, Follower, Mention, Viewing
from caseway.cases.models.notes import mentioned
from tests.companies import Company


@pytest.fixture
def case(company: Company) -> Case:
    return Case.objects.create(organisation=company.organisation, number=1, subject="Pole")


def test_a_mention_is_written_and_its_employee_follows(company: Company, case: Case) -> None:
    note = case.note("@Dana Whitfield can you?", by=company.maya, mentions=[company.dana])
    assert Mention.objects.get().message == note and Mention.objects.get().employee == company.dana
    assert Follower.objects.get().employee == company.dana
    case.note("@Dana Whitfield again", by=company.maya, mentions=[company.dana])
    assert Follower.objects.count() == 1 and Mention.objects.count() == 2


def test_nobody_who_left_or_is_elsewhere_is_mentioned(company: Company, case: Case) -> None:
    company.dana.is_active = False
    case.note("@Dana", by=company.maya, mentions=[company.dana])
    assert not Mention.objects.exists()


def test_names_in_a_text_are_found(company: Company) -> None:
    make = Employee.objects.create_employee
    other = make(company.organisation, "dana2@fieldnote.example", "Dana Whit", Role.AGENT)
    people = [company.maya, company.dana, other]
    assert mentioned("(@Dana Whitfield) and @maya, look", people) == [company.dana, company.maya]
    assert mentioned("@Dana Whit only", people) == [other]
    assert mentioned("@Dana who?", people) == []  # two of them
    assert mentioned("mail@maya.example", people) == []


def test_the_chosen_one_of_two_with_the_same_name(company: Company) -> None:
    make = Employee.objects.create_employee
    twin = make(company.organisation, "dana2@fieldnote.example", "Dana Whitfield", Role.AGENT)
    assert mentioned("@Dana Whitfield", [company.dana, twin], [twin.pk]) == [twin]
    assert mentioned("@Dana Whitfield", [company.dana, twin]) == [company.dana, twin]


def test_a_page_that_beats_is_there_and_one_that_stopped_is_gone(company: Company, case: Case) -> None:
    assert presence.beat(case, company.dana, "a") is True
    assert presence.beat(case, company.dana, "a") is False  # no news
    [one] = presence.at([case.pk], but=company.maya)[case.pk]
    assert (one.employee, one.is_replying) == (company.dana, False)
    assert presence.at([case.pk], but=company.dana) == {}
    Viewing.objects.update(seen_at=timezone.now() - timedelta(seconds=26))
    assert presence.at([case.pk]) == {}
    assert presence.beat(case, company.dana, "a") is True


def test_replying_needs_a_keystroke_within_thirty_seconds(company: Company, case: Case) -> None:
    presence.beat(case, company.dana, "a")
    assert presence.beat(case, company.dana, "a", typed=timedelta(seconds=3)) is True
    presence.beat(case, company.dana, "b")  # a second tab that only looks
    [one] = presence.at([case.pk])[case.pk]
    assert one.is_replying
    Viewing.objects.filter(tab="a").update(typed_at=timezone.now() - timedelta(seconds=31))
    [one] = presence.at([case.pk])[case.pk]
    assert not one.is_replying
    Viewing.objects.filter(tab="a").update(seen_at=timezone.now() - timedelta(seconds=8))
    assert presence.beat(case, company.dana, "a") is True  # it was told otherwise before


def test_who_leaves_is_gone_at_once(company: Company, case: Case) -> None:
    presence.beat(case, company.dana, "a", typed=timedelta(0))
    presence.leave(case, company.dana, "a")
    assert presence.at([case.pk]) == {}
