"""Cases over the API: made, found, read, changed, deleted and restored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from caseway.accounts.models import Team
from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case
from caseway.contacts.models import Contact
from tests.api.conftest import Api
from tests.companies import Company

NEW = {"subject": "Parcel arrived without the lens", "email": "parker@ehlers.example", "description": "It is missing."}


def test_a_case_is_made_and_read_with_the_users_own_words(api: Api, inside: Company) -> None:
    made = api.post(
        "/cases",
        NEW | {"employee": inside.maya.email, "priority": "high", "tags": ["refund"], "need_by": "2026-12-01"},
        201,
    )
    read = api.get(f"/cases/{made['number']}")
    assert read == made
    assert read["label"] == f"CW-{read['number']}"
    assert (read["status"], read["priority"], read["source"], read["tags"]) == ("new", "high", "api", ["refund"])
    assert read["assigned_to"] == {
        "kind": "employee", "id": inside.maya.pk, "name": "Maya Lindqvist", "email": inside.maya.email,
    }  # fmt: skip
    assert read["contact"]["name"] == "parker@ehlers.example"
    assert read["created_by"]["name"] == read["modified_by"]["name"] == "Dana Whitfield"
    assert read["need_by"] == "2026-12-01"
    assert [event["kind"] for event in read["events"]] == ["created"]
    assert read["participants"] == [
        {"name": "parker@ehlers.example", "email": "parker@ehlers.example", "is_verified": True}
    ]


@pytest.mark.parametrize("written", ["{0}", "CW-{0}", "cw-{0}"])
def test_a_number_is_written_either_way(api: Api, written: str) -> None:
    number = api.post("/cases", NEW, 201)["number"]
    assert api.get(f"/cases/{written.format(number)}")["number"] == number


@pytest.mark.parametrize("number", ["0", "999999", "abc", "CW-", "01", "9" * 30, "1 ", "%00", "-1"])
def test_a_number_that_is_none_is_not_found(api: Api, number: str) -> None:
    assert api.get(f"/cases/{number}", 404)["title"] == "Not found"


def test_each_change_has_its_word(api: Api, inside: Company) -> None:
    number = api.post("/cases", NEW, 201)["number"]
    team = Team.objects.create(organisation=inside.organisation, name="Shipping")
    at = f"/cases/{number}"
    assert api.post(f"{at}/assign", {"employee": inside.dana.pk})["assigned_to"]["name"] == "Dana Whitfield"
    assert api.post(f"{at}/assign", {"team": team.pk})["assigned_to"] == {
        "kind": "team", "id": team.pk, "name": "Shipping", "email": None,
    }  # fmt: skip
    assert api.post(f"{at}/assign", {})["assigned_to"] is None
    assert api.post(f"{at}/status", {"status": "waiting"})["status"] == "waiting"
    assert api.post(f"{at}/priority", {"priority": "urgent"})["priority"] == "urgent"
    assert api.post(f"{at}/type", {"type": "Complaint"})["type"] == "Complaint"
    assert api.post(f"{at}/tags", {"tags": ["lens", "lens", " refund "]})["tags"] == ["lens", "refund"]
    assert api.post(f"{at}/need-by", {"need_by": "2027-01-31"})["need_by"] == "2027-01-31"
    assert api.post(f"{at}/need-by", {"need_by": None})["need_by"] is None
    assert api.post(f"{at}/close")["status"] == "closed"
    reopened = api.post(f"{at}/reopen", {})
    assert (reopened["status"], reopened["closed_at"]) == ("open", None)
    assert len(reopened["events"]) == 12
    assert {event["employee"]["name"] for event in reopened["events"]} == {"Dana Whitfield"}


def test_a_stale_version_overwrites_nothing(api: Api) -> None:
    made = api.post("/cases", NEW, 201)
    at = f"/cases/{made['number']}"
    api.post(f"{at}/priority", {"priority": "high", "version": made["version"]})
    problem = api.post(f"{at}/priority", {"priority": "low", "version": made["version"]}, 409)
    assert problem["type"].endswith("#stale-case")
    assert api.get(at)["priority"] == "high"


def test_deleted_is_out_of_every_list_until_restored(api: Api) -> None:
    number = api.post("/cases", NEW, 201)["number"]
    api.delete(f"/cases/{number}")
    api.get(f"/cases/{number}", 404)
    assert api.get("/cases")["items"] == []
    assert [case["number"] for case in api.get("/cases?view=trash")["items"]] == [number]
    assert api.post(f"/cases/{number}/restore")["number"] == number
    api.post(f"/cases/{number}/restore", expect=404)


def test_notes_are_kept_in_the_case(api: Api, light: Api) -> None:
    number = api.post("/cases", NEW, 201)["number"]
    note = light.post(f"/cases/{number}/note", {"text": "Called back."}, 201)
    assert (note["direction"], note["text"], note["author"]) == ("note", "Called back.", "Lior Katz")
    assert note["raw_url"] is None
    assert [entry["id"] for entry in api.get(f"/cases/{number}")["messages"]] == [note["id"]]
    assert api.get(f"/cases/{number}/messages/{note['id']}") == note
    api.get(f"/cases/{number}/messages/{note['id']}/raw", 404)
    api.post(f"/cases/{number}/note", {"text": "  "}, 422)


@pytest.fixture
def four(api: Api, inside: Company) -> dict[str, int]:
    """Cases that differ in everything that lists filter by."""
    team = Team.objects.create(organisation=inside.organisation, name="Shipping")
    customer = {"name": "Mira Stone", "emails": ["mira@stone.example"], "customer": "Stone"}
    mira = api.post("/contacts", customer, 201)
    cases = {
        "mine": {"subject": "Broken strap", "employee": inside.dana.pk, "tags": ["strap", "refund"]},
        "hers": {"subject": "Late delivery", "employee": inside.maya.pk, "priority": "high", "tags": ["refund"]},
        "team": {"subject": "Lost parcel", "team": team.pk, "contact": mira["id"]},
        "nobody": {"subject": "Question about film", "email": "parker@ehlers.example"},
    }
    numbers = {name: api.post("/cases", case, 201)["number"] for name, case in cases.items()}
    api.post(f"/cases/{numbers['hers']}/close")
    return numbers | {"team_id": team.pk, "mira": mira["id"], "stone": mira["customer"]["id"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"mine", "hers", "team", "nobody"}),
        ("?status=closed", {"hers"}),
        ("?status=new&status=closed", {"mine", "hers", "team", "nobody"}),
        ("?priority=high", {"hers"}),
        ("?me=true", {"mine"}),
        ("?assignee=maya@fieldnote.example", {"hers"}),
        ("?unassigned=true", {"nobody"}),
        ("?team={team_id}", {"team"}),
        ("?contact={mira}", {"team"}),
        ("?customer={stone}", {"team"}),
        ("?tag=refund", {"mine", "hers"}),
        ("?tag=refund&tag=strap", {"mine"}),
        ("?source=email", set()),
        ("?search=parcel", {"team"}),
        ("?search=CW-{nobody}", {"nobody"}),
        ("?view=my-cases", {"mine"}),
        ("?view=all-open", {"mine", "team", "nobody"}),
        ("?view=unassigned", {"nobody"}),
        ("?view=closed&tag=refund", {"hers"}),
        ("?view=waiting", set()),
    ],
)
def test_filters_narrow_the_list(api: Api, four: dict[str, int], query: str, expected: set[str]) -> None:
    found = {case["number"] for case in api.get(f"/cases{query.format(**four)}")["items"]}
    assert found == {four[name] for name in expected}


@pytest.mark.parametrize(
    "query", ["?stauts=open", "?status=broken", "?view=mine", "?size=0", "?after=%21", "?me=maybe"]
)
def test_a_filter_that_cannot_be_meant_is_refused(api: Api, query: str) -> None:
    assert api.get(f"/cases{query}", 422)["errors"]


def test_pages_neither_skip_nor_repeat_while_cases_arrive(api: Api) -> None:
    before = [api.post("/cases", {"subject": f"Case {index}"}, 201)["number"] for index in range(7)]
    seen: list[int] = []
    after = ""
    for _ in range(10):
        page = api.get(f"/cases?size=2&after={after}")
        seen += [case["number"] for case in page["items"]]
        api.post("/cases", {"subject": "Arrives meanwhile"}, 201)
        if not (after := page["next"] or ""):
            break
    assert seen == before[::-1]


def test_a_list_asks_the_database_a_fixed_number_of_times(
    api: Api, four: dict[str, int], django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        api.get("/cases")


def test_an_idempotency_key_makes_one_case(api: Api, inside: Company) -> None:
    headers = {"Idempotency-Key": "order-17"}
    first = api.post("/cases", NEW, 201, **headers)
    assert api.post("/cases", NEW, 201, **headers)["number"] == first["number"]
    assert Case.objects.count() == 1
    problem = api.post("/cases", NEW | {"subject": "Another"}, 422, **headers)
    assert problem["type"].endswith("#key-reused")
    assert Case.objects.count() == 1


def test_a_failed_request_does_not_use_up_its_key(api: Api) -> None:
    headers = {"Idempotency-Key": "order-18"}
    api.post("/cases", {"subject": " "}, 422, **headers)
    api.post("/cases", NEW, 201, **headers)


def test_two_keys_of_two_employees_never_meet(api: Api, administrator: Api) -> None:
    headers = {"Idempotency-Key": "1"}
    first = api.post("/cases", NEW, 201, **headers)
    assert administrator.post("/cases", NEW, 201, **headers)["number"] != first["number"]


@pytest.mark.django_db(transaction=True)
def test_the_same_key_ten_times_at_once_makes_one_case(transactional_db: None) -> None:
    from tests.api.conftest import token_of
    from tests.companies import make_company

    company = make_company()
    token = token_of(company.dana)

    def post(_: int) -> int:
        try:
            return Api(token).post("/cases", NEW, 201, **{"Idempotency-Key": "once"})["number"]
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        numbers = set(pool.map(post, range(10)))
    assert len(numbers) == 1
    with organisation_scope(company.organisation.pk):
        assert Case.objects.count() == 1
        assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "subject"),
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 501}, "subject"),
        ({"subject": "Hi", "email": "nobody"}, "email"),
        ({"subject": "Hi", "email": "a@b.example, c@d.example"}, "email"),
        ({"subject": "Hi", "priority": "very"}, "priority"),
        ({"subject": "Hi", "employee": "who@fieldnote.example"}, "employee"),
        ({"subject": "Hi", "employee": 2**80}, "employee"),
        ({"subject": "Hi", "team": 99}, "team"),
        ({"subject": "Hi", "need_by": "tomorrow"}, "need_by"),
        ({"subject": "Hi", "number": 7}, "number"),
        ({"subject": "Hi", "organisation": 2}, "organisation"),
        ({"subject": "Hi", "tags": [""]}, "tags.0"),
        ({"subject": "a\u0000b"}, ""),
        ({"subject": "half \ud83d"}, ""),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_made(
    api: Api, inside: Company, body: dict[str, object], field: str
) -> None:
    problem = api.post("/cases", body, 422)
    assert any(error["field"].split(".int")[0].split(".str")[0] == field for error in problem["errors"]), problem
    assert Case.objects.count() == 0
