"""The profile, and the bell."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from caseway.accounts.models import Employee, Heartbeat
from caseway.accounts.scope import organisation_scope
from caseway.cases import notices
from caseway.cases.models import Notification, NotificationKind
from tests.web.conftest import Scene

FORM = {"name": "Dana Whitfield", "language": "", "time_zone": "", "theme": "", "has_shortcuts": "on"}


def employee(scene: Scene) -> Employee:
    with organisation_scope(scene.company.organisation.pk):
        return Employee.objects.select_related("organisation").get(pk=scene.company.dana.pk)


def tell_dana(scene: Scene, kind: NotificationKind = NotificationKind.MENTIONED) -> Notification:
    with organisation_scope(scene.company.organisation.pk):
        return notices.notify(kind, scene.case, [scene.company.dana], actor=scene.company.maya, message=scene.message)[
            0
        ]


def test_language_zone_theme_and_keys_are_the_employees_own(scene: Scene, dana: Client) -> None:
    answer = dana.post(
        "/profile", FORM | {"language": "ar", "time_zone": "tokyo", "theme": "dark", "has_shortcuts": ""}, follow=True
    )
    page = answer.content.decode()
    assert '<html lang="ar" dir="rtl" data-theme="dark">' in page
    assert 'data-shortcuts="off"' in page
    assert answer["Content-Language"] == "ar"
    row = employee(scene)
    assert (row.language, row.time_zone, row.theme, row.has_shortcuts) == ("ar", "Asia/Tokyo", "dark", False)


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("", ""),
        ("europe/berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("UTC", "UTC"),
        ("Japan", "Japan"),
    ],
)
def test_a_time_zone_is_found_by_its_city(scene: Scene, dana: Client, typed: str, zone: str) -> None:
    assert dana.post("/profile", FORM | {"time_zone": typed}).status_code == 302
    assert employee(scene).time_zone == zone


def test_what_is_refused_changes_nothing_and_keeps_what_was_typed(scene: Scene, dana: Client) -> None:
    answer = dana.post("/profile", FORM | {"name": "", "time_zone": "Atlantis", "theme": "dark"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Atlantis” is no time zone" in page
    assert 'value="Atlantis"' in page
    assert "data-theme=" not in page
    assert employee(scene).theme == ""
    assert dana.post("/profile", FORM | {"language": "tlh"}).status_code == 422


def test_times_are_those_of_the_employees_zone(scene: Scene, dana: Client) -> None:
    dana.post("/profile", FORM | {"time_zone": "Asia/Tokyo"})
    page = dana.get(f"/cases/{scene.case.number}").content.decode()
    assert re.search(r'<time datetime="[^"]+\+09:00"|<time datetime="[^"]+\+00:00" title="[^"]+"', page)
    with organisation_scope(scene.company.organisation.pk):
        hour = (scene.case.created_at.hour + 9) % 24
    assert f", {hour:02}:{scene.case.created_at.minute:02}" in page


def test_each_kind_is_told_as_the_profile_says(scene: Scene, dana: Client) -> None:
    page = dana.get("/profile").content.decode()
    assert re.search(r'value="mentioned:email" checked', page)
    assert not re.search(r'value="assigned:email" checked', page)
    dana.post(reverse("profile-notices"), {"notice": ["assigned:email", "assigned:workspace", "nonsense:x"]})
    row = employee(scene)
    assert notices.ways_of(row, "assigned") == {"workspace", "email"}
    assert notices.ways_of(row, "mentioned") == frozenset()
    assert set(row.notices) == set(NotificationKind.values)


def test_the_bell_counts_and_lists_what_is_unread(scene: Scene, dana: Client, maya: Client) -> None:
    before = maya.get("/notifications/bell").content
    row = tell_dana(scene)
    page = dana.get("/notifications").content.decode()
    assert "1 unread" in page
    assert f"Maya Lindqvist mentioned you in {scene.case.label}" in page
    assert f'href="/cases/{scene.case.number}#message-{scene.message.pk}"' in page
    assert maya.get("/notifications/bell").content == before
    assert "mentioned you" not in maya.get("/notifications/panel").content.decode()
    assert dana.get("/notifications/news").json()["news"][0]["id"] == row.pk
    assert dana.get(f"/notifications/news?after={row.pk}").json() == {"news": []}


def test_marking_as_read_concerns_ones_own_only(scene: Scene, dana: Client, maya: Client) -> None:
    row = tell_dana(scene)
    assert maya.post(reverse("notices-read"), {"id": row.pk}).status_code == 404
    maya.post(reverse("notices-read"))
    assert "1 unread" in dana.get("/notifications/bell").content.decode()
    for values in ({"id": row.pk}, {"case": scene.case.number}, {}):
        with organisation_scope(scene.company.organisation.pk):
            Notification.objects.update(read_at=None)
        assert dana.post(reverse("notices-read"), values).status_code == 302
        assert "unread" not in dana.get("/notifications/bell").content.decode()


def test_older_ones_are_on_the_next_page(scene: Scene, dana: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        for _ in range(60):
            notices.notify(NotificationKind.ASSIGNED, scene.case, [scene.company.dana])
    page = dana.get("/notifications").content.decode()
    assert page.count('class="notice ') == 50
    older = re.search(r'href="(\?before=\d+)"', page)
    assert older is not None
    assert dana.get("/notifications" + older[1]).content.decode().count('class="notice ') == 10


@pytest.mark.parametrize("path", ["/profile", "/notifications", "/notifications/panel", "/notifications/bell"])
def test_a_page_asks_little(scene: Scene, maya: Client, path: str, django_assert_max_num_queries: Any) -> None:
    with organisation_scope(scene.company.organisation.pk):
        for kind in NotificationKind:
            notices.notify(kind, scene.case, [scene.company.maya], actor=scene.company.dana, message=scene.message)
    Heartbeat.beat("worker", "test")
    with django_assert_max_num_queries(12):
        assert maya.get(path).status_code == 200
