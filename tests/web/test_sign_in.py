"""Signing in, leaving, forgotten passwords and invitations."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from caseway.accounts.models import Employee
from caseway.accounts.scope import organisation_scope
from caseway.outbound.models import OutboundEmail
from caseway.web import invitation
from caseway.web.sign_in import MOST_BY_ADDRESS
from tests.web.conftest import PASSWORD, Scene, signed_in

MAYA = "maya@fieldnote.example"


def enter(client: Client, email: str = MAYA, password: str = PASSWORD, **more: str):
    return client.post("/sign-in", {"email": email, "password": password, **more})


def last_mail(scene: Scene) -> str:
    with organisation_scope(scene.company.organisation.pk):
        row = OutboundEmail.objects.filter(kind="system").latest("pk")
        return row.raw.content().decode().replace("=\r\n", "").replace("=3D", "=")


def link_in(text: str, kind: str) -> str:
    found = re.search(rf"{re.escape(settings.CASEWAY_URL)}(/{kind}/[^\s]+)", text)
    assert found, text
    return found.group(1)


def test_the_right_password_leads_to_my_cases_under_a_new_session(scene: Scene) -> None:
    client = Client()
    client.get("/sign-in")
    client.session.save()
    before = client.session.session_key
    answer = enter(client, email="  MAYA@Fieldnote.example ")
    assert answer.status_code == 302
    assert answer["Location"] == "/cases"
    assert client.session.session_key != before
    assert client.get("/cases").status_code == 200


def test_unknown_and_wrong_get_the_same_answer(scene: Scene) -> None:
    wrong, unknown = enter(Client(), password="no"), enter(Client(), email="nobody@fieldnote.example", password="no")
    assert wrong.status_code == unknown.status_code == 401
    clean = [
        re.sub(rb'value="[^"]*"', b"", re.sub(rb'name="csrfmiddlewaretoken"[^>]*>', b"", answer.content))
        for answer in (wrong, unknown)
    ]
    assert clean[0] == clean[1]


def test_guessing_is_slowed_down_and_the_right_password_too(scene: Scene) -> None:
    for _ in range(MOST_BY_ADDRESS):
        assert enter(Client(), password="no").status_code == 401
    assert enter(Client(), password="no").status_code == 429
    assert enter(Client()).status_code == 429


def test_next_leads_inside_only(scene: Scene) -> None:
    assert enter(Client(), next="/contacts")["Location"] == "/contacts"
    assert enter(Client(), next="https://evil.example/")["Location"] == "/cases"
    assert enter(Client(), next="//evil.example/")["Location"] == "/cases"


def test_signing_out_ends_the_session(scene: Scene, maya: Client) -> None:
    assert maya.post("/sign-out").status_code == 302
    assert maya.get("/cases").status_code == 302


def test_somebody_deactivated_is_out_at_once(scene: Scene, dana: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        Employee.objects.filter(pk=scene.company.dana.pk).update(is_active=False)
    assert dana.get("/cases").status_code == 302
    assert enter(Client(), email="dana@fieldnote.example").status_code == 401


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(scene: Scene) -> None:
    unknown = Client().post("/forgotten-password", {"email": "nobody@fieldnote.example"})
    known = Client().post("/forgotten-password", {"email": MAYA})
    assert b"is on its way" in known.content
    assert b"is on its way" in unknown.content
    link = link_in(last_mail(scene), "new-password")
    assert Client().get(link).status_code == 200
    new = "a short sentence"
    client = Client()
    assert client.post(link, {"password": new, "again": "another sentence"}).status_code == 422
    assert client.post(link, {"password": new, "again": new}).status_code == 302
    assert client.get("/cases").status_code == 200
    assert Client().get(link).status_code == 410
    assert enter(Client(), password=new).status_code == 302


def test_an_invited_employee_chooses_a_password_once(scene: Scene, maya: Client) -> None:
    answer = maya.post(
        reverse("employee-invite"), {"name": "Priya Raman", "email": "priya@fieldnote.example", "role": "agent"}
    )
    assert answer.status_code == 302
    link = link_in(last_mail(scene), "invitation")
    assert b"Welcome, Priya" in Client().get(link).content
    client = Client()
    assert client.post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert client.get("/cases").status_code == 200
    assert Client().get(link).status_code == 410


def test_a_second_invitation_ends_the_first(scene: Scene, maya: Client) -> None:
    maya.post(reverse("employee-invite"), {"name": "Priya", "email": "priya@fieldnote.example", "role": "agent"})
    first = link_in(last_mail(scene), "invitation")
    with organisation_scope(scene.company.organisation.pk):
        priya = Employee.objects.get(email="priya@fieldnote.example")
    maya.post(reverse("employee-invite-again", args=[priya.pk]))
    assert Client().get(first).status_code == 410
    assert Client().get(link_in(last_mail(scene), "invitation")).status_code == 200


def test_an_old_invitation_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    with organisation_scope(scene.company.organisation.pk):
        row = Employee.objects.create_employee(scene.company.organisation, "p@fieldnote.example", "P", "agent")
        link = reverse("accept-invitation", args=[invitation.token_of(row)])
    assert Client().get(link).status_code == 200
    monkeypatch.setattr(invitation, "LIFETIME", timedelta(seconds=-1))
    assert Client().get(link).status_code == 410


def test_an_address_is_invited_once_in_all_organisations(scene: Scene, other: Scene, maya: Client) -> None:
    answer = maya.post(reverse("employee-invite"), {"name": "M", "email": "maya@northwind.example", "role": "agent"})
    assert answer.status_code == 422


def test_the_last_administrator_stays(scene: Scene, maya: Client) -> None:
    pk = scene.company.maya.pk
    for name, data in (("employee-deactivate", {}), ("employee-role", {"role": "agent"})):
        answer = maya.post(reverse(name, args=[pk]), data, follow=True)
        assert b"is the last administrator" in answer.content
    with organisation_scope(scene.company.organisation.pk):
        assert Employee.objects.get(pk=pk).is_administrator


def test_changing_the_password_ends_other_sessions(scene: Scene, maya: Client) -> None:
    elsewhere = signed_in(scene.company.maya)
    new = "a short sentence"
    wrong = maya.post(reverse("profile-password"), {"present": "no", "password": new, "again": new})
    assert wrong.status_code == 422
    right = maya.post(reverse("profile-password"), {"present": PASSWORD, "password": new, "again": new})
    assert right.status_code == 302
    assert maya.get("/cases").status_code == 200
    assert elsewhere.get("/cases").status_code == 302
