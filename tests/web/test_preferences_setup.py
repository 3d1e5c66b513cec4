"""Settings of what cases are made of: types, tags, fields and teams."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from caseway.accounts.models import Heartbeat, Organisation, Team, TeamMembership
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.cases import setup
from caseway.cases.models import Case, CaseType, CustomField, SavedView, Tag
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from tests.mails import mail
from tests.web.conftest import Scene

PAGES = ("types", "tags", "fields", "teams")
Load = Callable[[], Case]


def undo_in(page: str) -> str:
    """Where the Undo of the newest toast leads."""
    return re.findall(r'action="([^"]+)" data-undo', page)[-1].replace("&amp;", "&")


def undo_of(client: Client, path: str) -> str:
    return undo_in(client.get(path).content.decode())


def put(scene: Scene, **values: Any) -> None:
    with organisation_scope(scene.company.organisation.pk):
        Case.objects.filter(pk=scene.case.pk).update(**values)


def test_a_type_is_added_at_the_end_and_its_name_used_once(scene: Scene, maya: Client) -> None:
    assert maya.post("/settings/types", {"name": "  Return   of goods "}).status_code == 302
    refused = maya.post("/settings/types", {"name": "return of GOODS"})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "exists already" in page
    assert 'value="return of GOODS"' in page  # what was typed is still there
    with organisation_scope(scene.company.organisation.pk):
        assert [row.name for row in setup.types_of(scene.company.organisation)] == ["Refund", "Return of goods"]


def test_renaming_a_type_renames_it_on_cases_and_in_views_and_is_undone(
    scene: Scene, maya: Client, fresh_case: Load
) -> None:
    put(scene, type="Refund")
    with organisation_scope(scene.company.organisation.pk):
        view = SavedView.objects.create(
            organisation=scene.company.organisation, employee=scene.company.maya, name="x", filters={"type": ["Refund"]}
        )
    version = fresh_case().version
    maya.post(reverse("type-change", args=scene.ids["type"]), {"name": "Money back"})
    assert fresh_case().type == "Money back"
    assert fresh_case().version == version  # an open form is not stale by it
    with organisation_scope(scene.company.organisation.pk):
        view.refresh_from_db()
    assert view.filters == {"type": ["Money back"]}
    maya.post(undo_of(maya, "/settings/types"))
    assert fresh_case().type == "Refund"


def test_a_refused_name_stays_in_its_row(scene: Scene, maya: Client) -> None:
    maya.post("/settings/types", {"name": "Question"})
    answer = maya.post(reverse("type-change", args=scene.ids["type"]), {"name": "Question"})
    assert answer.status_code == 422
    assert re.search(r'id="name"[^>]*value="Question"[^>]*aria-invalid', answer.content.decode())
    assert maya.post("/settings/types", {"name": " "}).status_code == 422
    assert maya.post("/settings/types", {"name": "x" * 61}).status_code == 422


@pytest.mark.parametrize("kind", ["type", "field"])
def test_rows_are_put_in_order_and_the_pressed_button_keeps_the_focus(scene: Scene, maya: Client, kind: str) -> None:
    model: Any = CaseType if kind == "type" else CustomField
    maya.post(f"/settings/{kind}s", {"name": "Second", "kind": "text"})
    with organisation_scope(scene.company.organisation.pk):
        second = model.objects.latest("pk")
    answer = maya.post(reverse(f"{kind}-move", args=[second.pk]), {"step": "up"}, follow=True)
    read = setup.types_of if kind == "type" else setup.fields_of
    with organisation_scope(scene.company.organisation.pk):
        assert [row.pk for row in read(scene.company.organisation)] == [second.pk, *scene.ids[kind]]
    assert re.search(r'value="down"[^>]*aria-label="Move Second down" autofocus', answer.content.decode())
    maya.post(reverse(f"{kind}-move", args=[second.pk]), {"step": "up"})  # at the end: nothing happens
    with organisation_scope(scene.company.organisation.pk):
        assert read(scene.company.organisation)[0].pk == second.pk


@pytest.mark.parametrize(("kind", "read"), [("type", "types_of"), ("tag", "tags_of"), ("field", "fields_of")])
def test_what_is_retired_is_offered_no_more_and_comes_back(scene: Scene, maya: Client, kind: str, read: str) -> None:
    def offered() -> int:
        with organisation_scope(scene.company.organisation.pk):
            return len(getattr(setup, read)(scene.company.organisation))

    maya.post(reverse(f"{kind}-retire", args=scene.ids[kind]))
    assert offered() == 0
    assert "Retired" in maya.get(f"/settings/{kind}s").content.decode()
    maya.post(reverse(f"{kind}-retire", args=scene.ids[kind]))
    maya.post(undo_of(maya, f"/settings/{kind}s"))
    assert offered() == 1


def test_a_tag_is_renamed_with_its_colour_and_both_are_undone(scene: Scene, maya: Client, fresh_case: Load) -> None:
    put(scene, tags=["first", "vip", "last"])
    maya.post(reverse("tag-change", args=scene.ids["tag"]), {"name": "VIP guest", "hue": "7"})
    assert fresh_case().tags == ["first", "VIP guest", "last"]
    maya.post(undo_of(maya, "/settings/tags"))
    assert fresh_case().tags == ["first", "vip", "last"]
    with organisation_scope(scene.company.organisation.pk):
        assert Tag.objects.get().hue == 3
    assert maya.post("/settings/tags", {"name": "one, two"}).status_code == 422
    assert maya.post("/settings/tags", {"name": "three", "hue": "77"}).status_code == 422


def test_merged_tags_are_one_on_each_case(scene: Scene, maya: Client, fresh_case: Load) -> None:
    put(scene, tags=["vip", "important"])
    maya.post("/settings/tags", {"name": "important"})
    with organisation_scope(scene.company.organisation.pk):
        into = Tag.objects.get(name="important")
    path = reverse("tag-merge", args=scene.ids["tag"])
    assert "cannot be undone" in maya.get(f"/settings/tags?merge={scene.ids['tag'][0]}").content.decode()
    maya.post(path, {"into": str(into.pk)})
    assert fresh_case().tags == ["important"]
    assert maya.post(path, {"into": str(into.pk)}).status_code == 404


def test_tags_and_types_of_another_organisation_stay(scene: Scene, other: Scene, maya: Client) -> None:
    with organisation_scope(other.company.organisation.pk):
        Case.objects.filter(pk=other.case.pk).update(tags=["vip"], type="Refund")
    maya.post(reverse("tag-change", args=scene.ids["tag"]), {"name": "changed"})
    maya.post(reverse("type-change", args=scene.ids["type"]), {"name": "changed"})
    with organisation_scope(other.company.organisation.pk):
        case = Case.objects.get(pk=other.case.pk)
        assert (case.tags, case.type) == (["vip"], "Refund")


def test_a_field_has_a_key_that_stays_and_choices_when_it_is_one_of_several(scene: Scene, maya: Client) -> None:
    assert maya.post("/settings/fields", {"name": "Branch", "kind": "choice", "choices": " \n"}).status_code == 422
    assert maya.post("/settings/fields", {"name": "Branch", "kind": "colour"}).status_code == 422
    maya.post("/settings/fields", {"name": "Branch", "kind": "choice", "choices": "Bergen\nOslo\nBergen"})
    maya.post("/settings/fields", {"name": "支店", "kind": "text", "help": "Where it was bought"})
    with organisation_scope(scene.company.organisation.pk):
        branch, shop = list(CustomField.objects.order_by("pk"))[1:]
    assert (branch.key, branch.choices, shop.key) == ("branch", ["Bergen", "Oslo"], "field")
    maya.post(reverse("field-change", args=[branch.pk]), {"name": "Shop", "choices": "Oslo\nTromsø", "help": ""})
    maya.post(undo_of(maya, "/settings/fields"))
    with organisation_scope(scene.company.organisation.pk):
        branch.refresh_from_db()
    assert (branch.key, branch.label, branch.choices) == ("branch", "Branch", ["Bergen", "Oslo"])


def test_a_team_has_members_and_gives_its_cases_away_when_it_goes(scene: Scene, maya: Client, fresh_case: Load) -> None:
    dana = scene.company.dana
    answer = maya.post("/settings/teams", {"name": "Returns"})
    with organisation_scope(scene.company.organisation.pk):
        team = Team.objects.get(name="Returns")
    assert answer["Location"] == f"/settings/teams?edit={team.pk}"
    maya.post(reverse("team-change", args=[team.pk]), {"name": "Returns", "member": [dana.pk, "x"]})
    with organisation_scope(scene.company.organisation.pk):
        assert [row.employee for row in TeamMembership.objects.filter(team=team)] == [dana]
    page = maya.get("/settings/teams").content.decode()
    assert "Dana Whitfield" in page
    maya.post(undo_in(page))
    with organisation_scope(scene.company.organisation.pk):
        assert not TeamMembership.objects.filter(team=team).exists()

    put(scene, assigned_team=team, assigned_employee=None)
    asked = maya.get(f"/settings/teams?delete={team.pk}").content.decode()
    assert "has 1 case" in asked
    maya.post(reverse("team-deletion", args=[team.pk]), {"into": str(scene.ids["team"][0])})
    assert fresh_case().assigned_team_id == scene.ids["team"][0]
    maya.post(reverse("team-deletion", args=scene.ids["team"]), {"into": ""})
    assert fresh_case().assigned_team_id is None


def test_somebody_of_another_organisation_does_not_join_a_team(scene: Scene, other: Scene, maya: Client) -> None:
    path = reverse("team-change", args=scene.ids["team"])
    maya.post(path, {"name": "Repairs", "member": [other.company.dana.pk]})
    with organisation_scope(scene.company.organisation.pk):
        assert not TeamMembership.objects.exists()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_little_and_says_why_it_is_empty(
    scene: Scene, maya: Client, name: str, django_assert_max_num_queries: Any
) -> None:
    with organisation_scope(scene.company.organisation.pk):
        for model in (CaseType, Tag, CustomField, Team):
            model.objects.all().delete()
    assert 'class="empty"' in maya.get(f"/settings/{name}").content.decode()
    for number in range(12):
        maya.post(f"/settings/{name}", {"name": f"Row {number}", "kind": "text"})
    maya.get(f"/settings/{name}")
    Heartbeat.beat("worker", "test")  # with one running, nobody has to look whether mail stands still
    with django_assert_max_num_queries(12):
        assert "Row 11" in maya.get(f"/settings/{name}").content.decode()


def test_the_four_statuses_are_explained_and_when_a_closed_case_opens_again_is_set(scene: Scene, maya: Client) -> None:
    page = maya.get("/settings/statuses").content.decode()
    for status in ("new", "open", "waiting", "closed"):
        assert f"status--{status}" in page
    assert 'value="14"' in page
    for wrong in ("", "-1", "4000", "soon"):
        refused = maya.post("/settings/statuses", {"reopen_days": wrong})
        assert refused.status_code == 422, wrong
    assert maya.post("/settings/statuses", {"reopen_days": "0"}).status_code == 302
    with organisation_scope(scene.company.organisation.pk):
        case = Case.objects.get(pk=scene.case.pk)
        case.close(by=scene.company.maya)
    raw = mail(sender="Parker <parker@brightwater.example>", subject=f"Re: Tent [CW-{case.number}]", text="Again")
    raw = raw.replace(b"Subject:", f"In-Reply-To: <{scene.message.message_identifier}>\r\nSubject:".encode(), 1)
    receive_piped(scene.company.organisation, raw, "support@fieldnote.example")
    process_pending()
    with organisation_scope(scene.company.organisation.pk):
        assert Case.objects.get(pk=scene.case.pk).status == "closed"
        assert Case.objects.latest("pk").pk != scene.case.pk


def company_of(scene: Scene) -> Organisation:
    with every_organisation():
        return Organisation.objects.get(pk=scene.company.organisation.pk)


def test_the_company_has_a_name_a_language_and_a_time_zone(scene: Scene, maya: Client, dana: Client) -> None:
    values = {
        "name": " Fieldnote \r\n Outdoors ",
        "language": "de",
        "time_zone": "vienna",
        "one_case_per_message": "on",
    }
    assert maya.post("/settings/company", values).status_code == 302
    organisation = company_of(scene)
    assert (organisation.name, organisation.language, organisation.time_zone) == (
        "Fieldnote Outdoors",
        "de",
        "Europe/Vienna",
    )
    assert "<h1>Firma" in maya.get("/settings/company").content.decode()
    refused = maya.post("/settings/company", values | {"time_zone": "nowhere", "name": ""})
    assert refused.status_code == 422
    assert "nowhere" in refused.content.decode()
    maya.post("/settings/company", {key: value for key, value in values.items() if key != "one_case_per_message"})
    organisation = company_of(scene)
    assert not organisation.one_case_per_message
    assert organisation.name == "Fieldnote Outdoors"
