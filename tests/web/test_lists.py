"""Lists through the pages: views, filters, order, what is done to several cases, marks, saved views, export."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import reverse

from caseway.accounts.models import Heartbeat, Team
from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, CustomField, SavedView, Seen, WrittenDraft
from tests.web.conftest import Scene


@pytest.fixture
def cases(scene: Scene) -> dict[str, Case]:
    """Beside the mail's case: one for each of several states. Inside the organisation's scope for the whole test."""
    company = scene.company
    own = {"organisation": company.organisation}
    found: dict[str, Case] = {"mail": scene.case}
    with organisation_scope(company.organisation.pk):
        values: dict[str, dict[str, Any]] = {
            "urgent": {"priority": "urgent", "tags": ["vip"]},
            "waiting": {"status": "waiting"},
            "closed": {"status": "closed"},
            "dana's": {"assigned_employee": company.dana},
        }
        for number, (subject, more) in enumerate(values.items(), 100):
            found[subject] = Case.objects.create(number=number, subject=subject, **own, **more)
    return found


def shown(client: Client, path: str) -> list[str]:
    """Subjects of the rows, in order."""
    return re.findall(r'class="caserow__subject"[^>]*><b>(.*?)</b>', client.get(path).content.decode())


def fresh(scene: Scene, case: Case) -> Case:
    with organisation_scope(scene.company.organisation.pk):
        return Case.objects.get(pk=case.pk)


def test_filters_narrow_and_each_chip_leads_to_the_list_without_it(
    scene: Scene, cases: dict[str, Case], maya: Client
) -> None:
    path = "/cases/all-open?priority=urgent&tag=vip&nonsense=1"
    assert shown(maya, path) == ["urgent"]
    page = maya.get(path).content.decode()
    assert re.findall(r'href="([^"]+)" aria-label="Remove filter', page) == [
        "/cases/all-open?tag=vip", "/cases/all-open?priority=urgent"
    ]  # fmt: skip
    assert set(shown(maya, "/cases/all-open?status=closed")) == {"closed"}


def test_chips_name_what_they_filter_by(scene: Scene, cases: dict[str, Case], maya: Client) -> None:
    company = scene.company
    with organisation_scope(company.organisation.pk):
        CustomField.objects.create(organisation=company.organisation, key="weight", label="Weight")
    query = f"assignee=me&assignee={company.dana.pk}&contact={scene.case.contact_id}"
    query += "&team=999&field.weight=88&created_after=7d"
    page = maya.get(f"/cases/all-open?{query}").content.decode()
    for words in ("Me, Dana Whitfield", "Parker Ehlers", "(not there any more)", "Weight", "7 days ago"):
        assert words in page
    assert "No case matches these filters" in page
    assert 'href="/cases/all-open">Clear filters' in page


def test_order_and_headings(scene: Scene, cases: dict[str, Case], maya: Client) -> None:
    assert shown(maya, "/cases/all-open?sort=priority")[0] == "urgent"
    page = maya.get("/cases/all-open?group=status").content.decode()
    assert re.findall(r'class="group"><h2><bdi>(.*?)</bdi>', page) == ["New", "Waiting"]
    assert shown(maya, "/cases/closed?sort=priority&group=status") == ["closed"], "what would be slow there is not done"


def test_rows_are_bold_until_they_are_read(scene: Scene, cases: dict[str, Case], maya: Client, dana: Client) -> None:
    def is_unread(client: Client) -> bool:
        page = client.get("/cases/all-open").content.decode()
        return f'caserow--unread" id="row-{scene.case.number}"' in page

    assert is_unread(maya)
    mark = reverse("case-marks")
    assert maya.post(mark, {"do": "read", "case": scene.case.number}, headers={"HX-Request": "true"}).status_code == 204
    assert not is_unread(maya)
    assert is_unread(dana)
    maya.post(mark, {"do": "unread", "case": scene.case.number})
    assert is_unread(maya)


def test_a_light_agent_marks_and_changes_nothing(scene: Scene, cases: dict[str, Case], lior: Client) -> None:
    lior.post(reverse("case-marks"), {"do": "read", "case": scene.case.number})
    with organisation_scope(scene.company.organisation.pk):
        assert Seen.objects.filter(employee=scene.company.light).count() == 1
    assert lior.post(reverse("case-bulk"), {"do": "close", "case": scene.case.number}).status_code == 403
    page = lior.get("/cases/all-open").content.decode()
    assert 'value="unread"' in page
    assert 'value="close"' not in page


@pytest.mark.parametrize(
    ("do", "field", "wanted"),
    [
        ("status:open", "status", "open"),
        ("close", "status", "closed"),
        ("priority:high", "priority", "high"),
        ("type:Refund", "type", "Refund"),
        ("add-tag:b", "tags", ["vip", "b"]),
        ("remove-tag:VIP", "tags", []),
        ("assign:0", "assigned_employee_id", None),
        ("snooze:reply", "is_snoozed", True),
    ],
)
def test_a_change_is_made_to_every_ticked_case_and_can_be_undone(
    scene: Scene, cases: dict[str, Case], maya: Client, do: str, field: str, wanted: object
) -> None:
    before = getattr(cases["urgent"], field)
    numbers = [case.number for case in cases.values() if case.subject != "closed"]
    answer = maya.post(reverse("case-bulk"), {"do": do, "case": numbers, "back": "/cases/all-open?tag=vip"})
    assert answer["Location"] == "/cases/all-open?tag=vip"
    assert getattr(fresh(scene, cases["urgent"]), field) == wanted
    page = maya.get("/cases").content.decode()
    assert "4 cases changed." in page
    undo = re.search(r'action="(/undo[^"]*)"', page)
    if before != wanted:
        assert undo is not None
        maya.post(undo.group(1).replace("&amp;", "&"))
        assert getattr(fresh(scene, cases["urgent"]), field) == before


def test_people_and_teams_of_others_are_not_assigned(
    scene: Scene, other: Scene, cases: dict[str, Case], maya: Client
) -> None:
    with organisation_scope(other.company.organisation.pk):
        team = Team.objects.create(organisation=other.company.organisation, name="Theirs")
    for do in (
        f"assign:{other.company.dana.pk}",
        f"team:{team.pk}",
        "team:x",
        "assign:x",
        "nonsense",
        "snooze:2020-01-01",
        "status:gone",
    ):
        maya.post(reverse("case-bulk"), {"do": do, "case": [100]})
        page = maya.get("/cases").content.decode()
        assert "toast--bad" in page, do
        assert fresh(scene, cases["urgent"]).version == 1, do


def test_trash_and_back_for_several(scene: Scene, cases: dict[str, Case], maya: Client) -> None:
    maya.post(reverse("case-bulk"), {"do": "trash", "case": [100, 101]})
    assert set(shown(maya, "/cases/trash")) == {"urgent", "waiting"}
    maya.post(reverse("case-bulk"), {"do": "restore", "case": [100, 101], "back": "//evil.example/"})
    assert shown(maya, "/cases/trash") == []


def test_without_scripts_the_choices_are_a_page(scene: Scene, cases: dict[str, Case], maya: Client) -> None:
    page = maya.post(
        reverse("case-bulk"), {"do": "choose", "case": [100, 101], "back": "/cases/closed"}
    ).content.decode()
    assert "2 cases are selected." in page
    assert f'value="assign:{scene.company.dana.pk}"' in page
    assert page.count('name="case"') == 2
    assert "Priority" in maya.get("/cases/filters?view=all-open&priority=urgent").content.decode()


def test_more_cases_than_a_request_takes_are_said(scene: Scene, cases: dict[str, Case], maya: Client) -> None:
    maya.post(reverse("case-bulk"), {"do": "close", "case": [100, *range(1000, 1300)]})
    assert "Only the first 200 cases were changed" in maya.get("/cases").content.decode()


def test_rows_as_they_are_now_say_whether_they_left(scene: Scene, cases: dict[str, Case], maya: Client) -> None:
    page = maya.get("/cases/rows?view=all-open&priority=urgent&n=100&n=101&n=9999&n=x").content.decode()
    found = re.findall(r'class="caserow ?(caserow--left)?" id="row-(\d+)"', page)
    assert set(found) == {("", "100"), ("caserow--left", "101")}
    assert maya.get("/cases/rows?view=nonsense").status_code == 404


def test_a_view_is_saved_shown_changed_and_deleted(
    scene: Scene, cases: dict[str, Case], maya: Client, dana: Client
) -> None:
    maya.post(
        reverse("saved-views"),
        {"list": "view=all-open&priority=urgent&sort=newest", "name": "Burning", "is_shared": "on"},
    )
    with organisation_scope(scene.company.organisation.pk):
        saved = SavedView.objects.get(name="Burning")
    path = reverse("saved-view", args=[saved.pk])
    assert shown(maya, path) == shown(dana, path) == ["urgent"]
    assert 'aria-current="page"><bdi class="view__name">Burning' in dana.get(path).content.decode()
    assert set(shown(dana, f"{path}?shown=1")) >= {"urgent", "waiting"}, "its filters were taken off for now"
    assert "Save changes" in maya.get(f"{path}?shown=1").content.decode()
    assert "Save changes" not in dana.get(f"{path}?shown=1").content.decode(), "it is Maya's"
    change = reverse("saved-view-change", args=[saved.pk])
    maya.post(change, {"do": "keep", "list": f"view=all-open&saved={saved.pk}&status=waiting"})
    assert shown(dana, path) == ["waiting"]
    dana.post(change, {"do": "delete"})
    assert dana.get(path).status_code == 200
    maya.post(change, {"do": "describe", "name": "Mine"})
    assert dana.get(path).status_code == 404, "it is shared no more"
    maya.post(change, {"do": "delete"})
    assert maya.get(path).status_code == 404


def test_drafts_show_what_was_written(scene: Scene, cases: dict[str, Case], maya: Client) -> None:
    own = {"organisation": scene.company.organisation, "employee": scene.company.maya}
    with organisation_scope(scene.company.organisation.pk):
        WrittenDraft.objects.create(case=scene.case, text="I shall look <b>into</b> it", **own)
        first = WrittenDraft.objects.create(kind="new", subject="Order for spring", **own)
    page = maya.get("/cases/drafts").content.decode()
    assert "I shall look &lt;b&gt;into&lt;/b&gt; it" in page
    assert "Order for spring" in page
    place = reverse("new-mail") + f"?draft={first.pk}"
    assert f'href="{place}"' in page and "Order for spring" in maya.get(place).content.decode()


def test_contacts_to_filter_by_are_looked_for(scene: Scene, other: Scene, maya: Client) -> None:
    found = maya.get("/cases/filters/find?key=contact&q=parker").json()["found"]
    assert [str(scene.case.contact_id), "Parker Ehlers"] in found
    assert str(other.case.contact_id) not in dict(found), "and not the other organisation's"
    for query in ("key=contact&q=p", "key=employee&q=maya", "key=contact&q=%00%00"):
        assert maya.get(f"/cases/filters/find?{query}").json() == {"found": []}


@pytest.mark.parametrize(
    "path",
    [
        "/cases/my-cases",
        "/cases/all-open?status=new&assignee=me&contact=1&customer=1&team=1&address=1&field.x=1&group=assignee",
        "/cases/drafts",
        "/cases/closed?q=x",
        "/cases/trash",
        "/cases/rows?view=my-cases&n=1",
        "/cases/filters?view=all-open&contact=1",
        "/cases/choices",
        "/cases/views",
    ],
)
def test_no_page_asks_more_than_twelve_queries(
    scene: Scene, cases: dict[str, Case], maya: Client, path: str, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    Heartbeat.beat(
        "worker", "one"
    )  # where none is heard, an administrator's page itself looks whether mail stands still
    maya.get(path)
    with django_assert_max_num_queries(12):
        maya.get(path)


def export_of(scene: Scene, query: str) -> tuple[Any, bytes]:
    async def ask() -> tuple[Any, bytes]:
        client = AsyncClient()
        await client.aforce_login(scene.company.maya, backend="caseway.accounts.sign_in.EmployeeBackend")
        response = await client.get(f"/cases/export?{query}")
        return response, b"".join([part async for part in response.streaming_content])

    with organisation_scope(scene.company.organisation.pk):
        return async_to_sync(ask)()


def test_the_export_holds_the_list_and_nothing_else(
    scene: Scene, other: Scene, cases: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caseway.cases.lists.export.BATCH", 2)
    with organisation_scope(scene.company.organisation.pk):
        Case.objects.filter(pk=cases["urgent"].pk).update(subject='=HYPERLINK("http://evil.example")')
    response, content = export_of(scene, "view=all-open&status=new&status=waiting")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r'attachment; filename="cases-all-open-\d{4}-\d\d-\d\d\.csv"', response["Content-Disposition"])
    assert content.startswith(b"\xef\xbb\xbfNumber,")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["Number"] for row in rows] == ["CW-103", "CW-101", "CW-100", f"CW-{scene.case.number}"]
    assert rows[2]["Subject"].startswith("'=HYPERLINK")
