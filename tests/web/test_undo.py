"""Undo through the pages: what I did a moment ago, and nothing of anybody else's."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, Event
from tests.web.conftest import Scene


def done(scene: Scene, priority: str = "urgent") -> Event:
    with organisation_scope(scene.company.organisation.pk):
        event = Case.objects.get(pk=scene.case.pk).set_priority(priority, by=scene.company.dana)
        assert event is not None
        return event


def test_what_i_did_is_taken_back_and_said(scene: Scene, dana: Client, fresh_case: Callable[[], Case]) -> None:
    event = done(scene)
    page = reverse("case", args=[scene.case.number])
    response = dana.post(reverse("undo"), {"event": event.pk}, headers={"Referer": f"http://testserver{page}"})
    assert response.headers["Location"] == f"http://testserver{page}"
    assert fresh_case().priority == "normal"
    assert "Taken back." in dana.get(page).content.decode()


def test_nobody_takes_back_what_a_colleague_did(scene: Scene, maya: Client, fresh_case: Callable[[], Case]) -> None:
    maya.post(reverse("undo"), {"event": done(scene).pk})
    assert fresh_case().priority == "urgent"


def test_yesterdays_changes_are_not_undone(scene: Scene, dana: Client, fresh_case: Callable[[], Case]) -> None:
    event = done(scene)
    with organisation_scope(scene.company.organisation.pk):
        Event.objects.filter(pk=event.pk).update(created_at=timezone.now() - datetime.timedelta(days=2))
    dana.post(reverse("undo"), {"event": event.pk})
    assert fresh_case().priority == "urgent"


def test_one_case_that_changed_since_keeps_no_other_from_being_taken_back(scene: Scene, dana: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        other = Case.objects.get(pk=scene.case.split(scene.message, by=scene.company.maya).case_id)
        first = Case.objects.get(pk=scene.case.pk)
        second = Case.objects.exclude(pk=first.pk).get()
        events = [case.close(by=scene.company.dana) for case in (first, second)]
        second.reopen(by=scene.company.maya)
    ids = [event.pk for event in events if event]
    response = dana.post(reverse("undo"), {"event": ids}, follow=True)
    text = response.content.decode()
    assert "Taken back." in text and f"{second.label} was changed by somebody else" in text
    with organisation_scope(other.organisation_id):
        assert not Case.objects.get(pk=first.pk).is_closed


def test_it_leads_to_no_other_site(scene: Scene, dana: Client) -> None:
    response = dana.post(reverse("undo"), {"event": done(scene).pk, "next": "https://evil.example/"})
    assert response.headers["Location"] == reverse("cases")
    assert dana.post(reverse("undo"), {"event": ["x", "9" * 40]}).status_code == 302
