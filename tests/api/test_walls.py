"""Who may do what: tokens, roles, other organisations, plans."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import URLPattern
from django.utils import timezone

from caseway.accounts.models import ApiToken, Employee
from caseway.accounts.scope import every_organisation
from caseway.api import rate, urls
from tests.api.conftest import Api, token_of
from tests.api.mails import arrive, mail
from tests.companies import Company

OPEN = {"docs", "openapi-json", "api-root", None}


def test_without_a_good_token_there_is_nothing(api: Api, fieldnote: Company) -> None:
    patterns = [one for one in urls.urlpatterns if isinstance(one, URLPattern) and one.name not in OPEN]
    assert len(patterns) >= 25
    for token in ("", "cw_wrong", "cw_\x7f"):
        for path in ("/cases", "/cases/1", "/contacts/1", "/inbound", "/outbound", "/employees", "/me", "/teams"):
            response = Api(token).request("GET", path)
            assert response.status_code == 401
            assert response["WWW-Authenticate"].startswith("Bearer")
            assert response["Content-Type"] == "application/problem+json"


def test_an_inactive_employees_token_is_worth_nothing(api: Api, inside: Company) -> None:
    api.get("/me")
    Employee.objects.filter(pk=inside.dana.pk).update(is_active=False)
    assert api.get("/me", 401)["type"].endswith("#not-signed-in")


def test_a_revoked_token_is_worth_nothing(api: Api, inside: Company) -> None:
    ApiToken.objects.all().delete()
    api.get("/me", 401)


def test_a_session_opens_nothing(fieldnote: Company) -> None:
    api = Api("")
    with every_organisation():
        api.client.force_login(fieldnote.maya, backend="caseway.accounts.sign_in.EmployeeBackend")
    api.get("/cases", 401)


def test_use_is_noted_at_most_once_a_minute(api: Api, inside: Company) -> None:
    api.get("/me")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    api.get("/me")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    api.get("/me")
    assert ApiToken.objects.get().last_used_at > first


def test_an_endless_loop_is_braked(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "REQUESTS_PER_MINUTE", 3)
    answers = [api.request("GET", "/me") for _ in range(8)]
    braked = [one for one in answers if one.status_code == 429]
    assert braked
    assert 1 <= int(braked[0]["Retry-After"]) <= 60
    assert braked[0].json()["type"].endswith("#too-many-requests")


def test_a_light_agent_reads_and_notes_only(light: Api, api: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside))
    assert row.case is not None
    at = f"/cases/{row.case.number}"
    contact = api.get(at)["contact"]["id"]
    before = api.get(at)
    for path in ("/cases", at, "/contacts", f"/contacts/{contact}", "/outbound", "/employees", "/me"):
        light.get(path)
    refused = [
        light.post("/cases", {"subject": "Hi"}, 403),
        light.post("/contacts", {"name": "Hi"}, 403),
        light.patch(f"/contacts/{contact}", {"name": "Hi"}, 403),
        light.post(f"{at}/reply", {"text": "Hi"}, 403),
        light.post(f"{at}/assign", {}, 403),
        light.post(f"{at}/status", {"status": "closed"}, 403),
        light.post(f"{at}/close", expect=403),
        light.post(f"{at}/priority", {"priority": "low"}, 403),
        light.post(f"{at}/type", {"type": "x"}, 403),
        light.post(f"{at}/tags", {"tags": ["x"]}, 403),
        light.post(f"{at}/need-by", {"need_by": "2027-01-01"}, 403),
        light.delete(at, 403),
        light.post(f"/outbound/{api.get('/outbound')['items'][0]['id']}/cancel", expect=403),
        light.post(f"/inbound/{row.pk}/process", expect=403),
    ]
    assert {problem["type"].rpartition("#")[2] for problem in refused} == {"not-allowed"}
    assert api.get(at) == before
    light.post(f"{at}/note", {"text": "Seen."}, 201)


def test_another_organisations_ids_answer_like_absent_ones(api: Api, stranger: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside))
    assert row.case is not None
    case = api.get(f"/cases/{row.case.number}")
    message = case["messages"][0]
    outbound = api.get("/outbound")["items"][0]["id"]
    at = f"/cases/{case['number']}"
    paths = {
        at: "/cases/777",
        f"{at}/messages": "/cases/777/messages",
        f"{at}/messages/{message['id']}/raw": f"/cases/777/messages/{message['id']}/raw",
        message["attachments"][0]["url"].removeprefix("/api/v1"): "/cases/777/messages/1/attachments/1",
        f"/contacts/{case['contact']['id']}": "/contacts/777777",
        f"/inbound/{row.pk}": "/inbound/777777",
        f"/inbound/{row.pk}/raw": "/inbound/777777/raw",
        f"/outbound/{outbound}": "/outbound/777777",
    }
    for theirs, absent in paths.items():
        assert _blank(stranger.get(theirs, 404), theirs) == _blank(stranger.get(absent, 404), absent)
    for path in ("/cases", "/contacts", "/inbound", "/outbound"):
        assert stranger.get(path)["items"] == []
    for verb in ("close", "reopen", "restore"):
        stranger.post(f"{at}/{verb}", expect=404)
    stranger.delete(at, 404)
    stranger.post(f"{at}/note", {"text": "x"}, 404)
    stranger.post(f"{at}/reply", {"text": "x"}, 404)
    stranger.post(f"/inbound/{row.pk}/process", expect=404)
    stranger.post(f"/outbound/{outbound}/cancel", expect=404)
    stranger.patch(f"/contacts/{case['contact']['id']}", {"name": "Mine"}, 404)
    assert api.get(at) == case


def test_another_organisations_people_cannot_be_named(api: Api, other: Company, inside: Company) -> None:
    for value in (other.maya.pk, other.maya.email):
        assert api.post("/cases", {"subject": "Hi", "employee": value}, 422)["errors"][0]["field"] == "employee"
        assert api.get(f"/cases?assignee={value}", 422)["errors"][0]["field"] == "assignee"
    assert {row["email"] for row in api.get("/employees")} == {
        inside.maya.email, inside.dana.email, inside.light.email,
    }  # fmt: skip


def test_messages_are_of_the_case_that_is_named(api: Api, inside: Company) -> None:
    first, second = arrive(inside, mail(inside, "One")), arrive(inside, mail(inside, "Two"))
    assert first.case is not None
    assert second.case is not None
    api.get(f"/cases/{first.case.number}/messages/{second.message_id}", 404)


def test_who_am_i(api: Api, fieldnote: Company) -> None:
    me = api.get("/me")
    assert (me["name"], me["role"], me["organisation"]["name"]) == ("Dana Whitfield", "agent", "Fieldnote")
    assert me["organisation"]["features"] == ["Email to Case"]
    assert api.get("/organisation") == me["organisation"]


def test_no_scope_is_left_open_behind_a_call(fieldnote: Company) -> None:
    from caseway.accounts.scope import current_scope

    Api(token_of(fieldnote.dana)).get("/me")
    assert current_scope() == ""
    with every_organisation():
        pass


def _blank(problem: dict[str, object], path: str) -> dict[str, object]:
    """The problem without the number that was asked for."""
    for piece in path.split("/"):
        if piece.isdecimal():
            problem = {key: str(value).replace(f" {piece}", " N") for key, value in problem.items()}
    return problem
