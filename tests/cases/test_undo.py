"""What was done can be taken back, and nothing that somebody else did since is lost by it."""

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from caseway.accounts.models import Team
from caseway.cases.errors import NotAllowedError, StaleCaseError
from caseway.cases.models import Case, CustomField, Event, EventKind
from caseway.cases.undo import undo
from caseway.contacts.models import Contact
from tests.cases.conftest import Open
from tests.companies import Company

DONE: dict[str, Callable[[Case, Company], Event | None]] = {
    "status": lambda case, company: case.set_status("waiting", by=company.dana),
    "closed": lambda case, company: case.close(by=company.dana),
    "priority": lambda case, company: case.set_priority("urgent", by=company.dana),
    "type": lambda case, company: case.set_type("Warranty", by=company.dana),
    "tags": lambda case, company: case.set_tags(["a", "b"], by=company.dana),
    "need by": lambda case, company: case.set_need_by(datetime.date(2027, 1, 2), by=company.dana),
    "employee": lambda case, company: case.assign(company.maya, by=company.dana),
    "team": lambda case, company: case.assign(
        None, Team.objects.create(organisation=company.organisation, name="Repairs"), by=company.dana
    ),
    "trash": lambda case, company: case.trash(by=company.dana),
    "snooze": lambda case, company: case.snooze(timezone.now() + datetime.timedelta(days=1), by=company.dana),
    "until a reply": lambda case, company: case.snooze(None, by=company.dana),
    "follow": lambda case, company: case.follow(company.maya, by=company.dana),
    "contact": lambda case, company: case.set_contact(
        Contact.objects.create(organisation=company.organisation, name="Kim"), by=company.dana
    ),
    "field": lambda case, company: case.set_custom(
        CustomField.objects.create(organisation=company.organisation, key="order", label="Order", kind="number"),
        "88204",
        by=company.dana,
    ),
}


def state(case: Case) -> dict[str, object]:
    left_out = ("version", "modified_at", "modified_by_id", "_state")
    row = Case.objects.get(pk=case.pk)
    return {key: value for key, value in vars(row).items() if key not in left_out} | {
        "followers": set(row.followers.values_list("employee", flat=True))
    }


@pytest.mark.parametrize("verb", DONE)
def test_every_change_can_be_taken_back_and_done_again(company: Company, open_case: Open, verb: str) -> None:
    case = open_case(email="kim@x.example", tags=["z"], type="Question")
    before = state(case)
    event = DONE[verb](case, company)
    assert event is not None and event.pk
    after = state(case)
    assert after != before
    [taken_back] = undo([event], by=company.dana)
    assert state(case) == before
    undo([taken_back], by=company.dana)
    again = state(case)
    assert {key: again[key] for key in again if key not in ("closed_at", "deleted_at")} == {
        key: after[key] for key in after if key not in ("closed_at", "deleted_at")
    }


def test_what_somebody_changed_since_is_not_overwritten(company: Company, open_case: Open) -> None:
    case = open_case()
    event = case.set_priority("urgent", by=company.dana)
    case.set_priority("low", by=company.maya)
    assert event is not None
    with pytest.raises(StaleCaseError):
        undo([event], by=company.dana)
    assert Case.objects.get(pk=case.pk).priority == "low"


def test_another_change_meanwhile_does_not_stand_in_the_way(company: Company, open_case: Open) -> None:
    case = open_case()
    event = case.set_priority("urgent", by=company.dana)
    case.set_status("waiting", by=company.maya)
    assert event is not None
    undo([event], by=company.dana)
    fresh = Case.objects.get(pk=case.pk)
    assert (fresh.priority, fresh.status) == ("normal", "waiting")


def test_tags_that_others_added_since_stay(company: Company, open_case: Open) -> None:
    case = open_case(tags=["a"])
    event = case.set_tags(["a", "mine"], by=company.dana)
    case.set_tags(["a", "mine", "theirs"], by=company.maya)
    assert event is not None
    undo([event], by=company.dana)
    assert Case.objects.get(pk=case.pk).tags == ["a", "theirs"]


def test_several_events_are_taken_back_together_or_not_at_all(company: Company, open_case: Open) -> None:
    one, other = open_case("one"), open_case("other")
    events = [case.close(by=company.dana) for case in (one, other)]
    other.reopen(by=company.maya)
    with pytest.raises(StaleCaseError):
        undo([event for event in events if event], by=company.dana)
    assert Case.objects.get(pk=one.pk).is_closed


def test_a_close_that_is_taken_back_brings_the_snooze_back(company: Company, open_case: Open) -> None:
    case = open_case()
    until = timezone.now() + datetime.timedelta(days=3)
    case.snooze(until, by=company.dana)
    event = case.close(by=company.dana)
    assert not Case.objects.get(pk=case.pk).is_snoozed
    assert event is not None
    undo([event], by=company.dana)
    fresh = Case.objects.get(pk=case.pk)
    assert (fresh.is_snoozed, fresh.snoozed_until, fresh.snoozed_by) == (True, until, company.dana)


def test_a_reopening_that_is_taken_back_keeps_when_it_was_closed(company: Company, open_case: Open) -> None:
    case = open_case()
    case.close(by=company.dana)
    closed_at = Case.objects.get(pk=case.pk).closed_at
    event = case.reopen(by=company.dana)
    assert event is not None
    undo([event], by=company.dana)
    assert Case.objects.get(pk=case.pk).closed_at == closed_at


def test_a_light_agent_takes_back_their_following_and_nothing_else(company: Company, open_case: Open) -> None:
    case = open_case()
    followed, closed = case.follow(company.light, by=company.light), case.close(by=company.dana)
    assert followed is not None and closed is not None
    with pytest.raises(NotAllowedError):
        undo([closed], by=company.light)
    undo([followed], by=company.light)
    assert not case.followers.exists()


def test_what_has_no_before_cannot_be_taken_back(company: Company, open_case: Open) -> None:
    with pytest.raises(ValueError, match="cannot be taken back"):
        undo([open_case().events.get(kind=EventKind.CREATED)], by=company.dana)


def test_an_employee_who_left_meanwhile_is_not_assigned_again(company: Company, open_case: Open) -> None:
    case = open_case(assigned_employee=company.maya)
    event = case.assign(company.dana, by=company.dana)
    type(company.maya).objects.filter(pk=company.maya.pk).update(is_active=False)
    assert event is not None
    with pytest.raises(ValueError, match="not active"):
        undo([event], by=company.dana)
