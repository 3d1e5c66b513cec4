"""Contacts over the API."""

from __future__ import annotations

from caseway.contacts.models import Contact
from tests.api.conftest import Api
from tests.companies import Company

PARKER = {
    "name": "Parker Ehlers",
    "emails": ["parker@ehlers.example", "studio@ehlers.example"],
    "customer": "Ehlers Foto",
    "phone": "+49 40 5550 117",
}


def test_a_contact_is_made_read_and_changed(api: Api) -> None:
    made = api.post("/contacts", PARKER, 201)
    assert [address["email"] for address in made["addresses"]] == PARKER["emails"]
    assert (made["name"], made["customer"]["name"], made["source"]) == ("Parker Ehlers", "Ehlers Foto", "api")
    changed = api.patch(
        f"/contacts/{made['id']}",
        {"name": "Parker E. Ehlers", "emails": ["PARKER@ehlers.example", "new@ehlers.example"]},
    )
    assert changed["name"] == "Parker E. Ehlers"
    assert changed["phone"] == PARKER["phone"]
    assert [address["email"] for address in changed["addresses"]] == ["parker@ehlers.example", "new@ehlers.example"]
    assert api.patch(f"/contacts/{made['id']}", {"customer": ""})["customer"] is None
    assert api.get(f"/contacts/{made['id']}")["name"] == "Parker E. Ehlers"


def test_a_contact_shows_its_cases(api: Api) -> None:
    made = api.post("/contacts", PARKER, 201)
    number = api.post("/cases", {"subject": "Lens", "email": "Parker@Ehlers.example"}, 201)["number"]
    assert [case["number"] for case in api.get(f"/contacts/{made['id']}")["cases"]] == [number]


def test_an_address_is_one_persons(api: Api, inside: Company) -> None:
    made = api.post("/contacts", PARKER, 201)
    problem = api.post("/contacts", {"name": "Twin", "emails": ["STUDIO@ehlers.example"]}, 409)
    assert str(made["id"]) in problem["detail"]
    assert Contact.objects.count() == 1
    mira = api.post("/contacts", {"name": "Mira Stone"}, 201)
    api.patch(f"/contacts/{mira['id']}", {"name": "Changed", "emails": ["studio@ehlers.example"]}, 409)
    assert api.get(f"/contacts/{mira['id']}")["name"] == "Mira Stone"


def test_contacts_are_searched_and_paged_by_name(api: Api) -> None:
    api.post("/contacts", PARKER, 201)
    for name in ("Ada", "Bo", "Cleo"):
        api.post("/contacts", {"name": name}, 201)
    assert [row["name"] for row in api.get("/contacts?search=studio")["items"]] == ["Parker Ehlers"]
    assert [row["name"] for row in api.get("/contacts?search=foto")["items"]] == ["Parker Ehlers"]
    assert [row["name"] for row in api.get("/contacts?email=PARKER@ehlers.example")["items"]] == ["Parker Ehlers"]
    assert api.get("/contacts?email=who@else.example")["items"] == []
    first = api.get("/contacts?size=2")
    api.post("/contacts", {"name": "Aaron"}, 201)
    second = api.get(f"/contacts?size=2&after={first['next']}")
    assert [row["name"] for row in first["items"] + second["items"]] == ["Ada", "Bo", "Cleo", "Parker Ehlers"]


def test_a_company_is_found_again_by_name(api: Api) -> None:
    first = api.post("/contacts", PARKER, 201)
    second = api.post("/contacts", {"name": "Kim", "customer": "ehlers  foto"}, 201)
    assert first["customer"] == second["customer"]


def test_what_cannot_be_used_is_named(api: Api) -> None:
    assert api.post("/contacts", {"name": " "}, 422)["errors"][0]["field"] == "name"
    assert api.post("/contacts", {"name": "A", "emails": ["x"]}, 422)["errors"][0]["field"] == "emails.0"
    assert api.post("/contacts", {"name": "A", "source": "email"}, 422)["errors"][0]["field"] == "source"
