"""A page about a case asks the database a dozen times at most, however much happened in the case."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from caseway.accounts.models import Heartbeat
from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, CaseType, CustomField, Tag
from caseway.cases.opening import open_by_hand
from tests.web.conftest import Scene

MOST = 12
PAGES = ("case", "case-preview", "case-live")


@pytest.fixture(autouse=True)
def busy(scene: Scene) -> None:
    """A worker lives, and the case has all that can be beside it."""
    Heartbeat.objects.create(kind="worker", name="here:1", seen_at=timezone.now() + datetime.timedelta(hours=1))
    company, organisation = scene.company, scene.company.organisation
    with organisation_scope(organisation.pk):
        CaseType.objects.create(organisation=organisation, name="Buy-back")
        Tag.objects.create(organisation=organisation, name="turquoise", hue=3)
        CustomField.objects.create(organisation=organisation, key="serial", label="Serial number", kind="number")
        case = Case.objects.get(pk=scene.case.pk)
        others = [
            open_by_hand(organisation, by=company.dana, subject=f"Other {n}", contact=case.contact) for n in "abc"
        ]
        others[0].note("Goes along.", by=company.dana)
        others[0].merge(case, by=company.dana)
        others[1].link(case, by=company.dana)
        case.set_tags(["turquoise", "green"], by=company.dana)
        for employee in (company.dana, company.maya):
            case.follow(employee, by=employee)
        for number in range(20):
            case.note(f"Note {number}", by=company.maya)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_a_case_asks_at_most_twelve_times(
    scene: Scene, maya: Client, dana: Client, lior: Client, name: str, django_assert_max_num_queries: Callable
) -> None:  # type: ignore[type-arg]
    for client in (maya, dana, lior):
        with django_assert_max_num_queries(MOST):
            assert client.get(reverse(name, args=[scene.case.number])).status_code == 200


def test_earlier_entries_and_the_history_do_too(
    scene: Scene, dana: Client, django_assert_max_num_queries: Callable
) -> None:  # type: ignore[type-arg]
    for name in ("case-earlier", "case-history"):
        with django_assert_max_num_queries(MOST):
            assert dana.get(reverse(name, args=[scene.case.number])).status_code == 200
