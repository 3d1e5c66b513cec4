"""Settings through the pages: Email to Case and its gate, acknowledgements, outbox, mail log, tokens; contacts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from caseway.accounts.models import ApiToken
from caseway.accounts.scope import organisation_scope
from caseway.contacts.models import Contact
from caseway.intake.models import InboundEmail
from caseway.mailboxes.models import Diagnosis, SupportAddress
from caseway.outbound.models import OutboundEmail
from tests.web.conftest import Scene

FORM = {
    "address": "orders@fieldnote.example",
    "password": "hunter2-secret",
    "addressed_to": "",
    "imap_host": "imap.example.com",
    "imap_port": "993",
    "assigned_to": "",
    "from_email_id": "on",
    "add_to_cc": "off",
    "is_default": "off",
    "acknowledges": "on",
    "display_name": "Orders <desk>",
}


def row_of(scene: Scene) -> SupportAddress:
    with organisation_scope(scene.company.organisation.pk):
        return SupportAddress.objects.get(pk=scene.company.support.pk)


def test_authenticate_is_asked_for_and_its_page_shows_the_steps(scene: Scene, maya: Client) -> None:
    answer = maya.post(reverse("email-to-case-add"), FORM)
    assert answer.status_code == 302
    with organisation_scope(scene.company.organisation.pk):
        run = Diagnosis.objects.latest("pk")
        assert SupportAddress.objects.count() == 1
    assert answer["Location"] == reverse("authentication", args=[run.pk])
    assert b"Waiting for a worker" in maya.get(answer["Location"]).content


def test_back_to_the_form_finds_everything_but_the_password(scene: Scene, maya: Client) -> None:
    answer = maya.post(reverse("email-to-case-add"), FORM)
    pk = int(answer["Location"].rpartition("/")[2])
    content = maya.get(reverse("authentication-form", args=[pk])).content.decode()
    assert 'value="orders@fieldnote.example"' in content
    assert "Orders &lt;desk&gt;" in content
    assert "hunter2" not in content
    assert "hunter2" not in str(dict(maya.session.items()))


def test_what_is_wrong_is_said_at_its_field(scene: Scene, maya: Client) -> None:
    answer = maya.post(reverse("email-to-case-add"), FORM | {"imap_host": "", "imap_port": "99999"})
    assert answer.status_code == 422
    content = answer.content.decode()
    assert "Enter the name of the IMAP server" in content
    assert 'value="orders@fieldnote.example"' in content
    assert "hunter2" not in content


def test_a_stored_password_never_comes_back(scene: Scene, maya: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        mailbox = scene.company.mailbox
        mailbox.password = "stored-hunter2"
        mailbox.save()
    content = maya.get(reverse("email-to-case-edit", args=[scene.company.support.pk])).content.decode()
    assert "hunter2" not in content


def test_what_touches_no_server_is_saved_at_once(scene: Scene, maya: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        scene.company.mailbox.password = "stored"
        scene.company.mailbox.save()
    data = {
        "address": "support@fieldnote.example",
        "addressed_to": "support@fieldnote.example",
        "imap_host": "127.0.0.1",
        "imap_port": "993",
        "imap_security": "tls",
        "assigned_to": f"employee:{scene.company.dana.pk}",
        "from_email_id": "on",
        "add_to_cc": "on",
        "is_default": "on",
        "acknowledges": "off",
        "password": "",
    }
    answer = maya.post(reverse("email-to-case-edit", args=[scene.company.support.pk]), data)
    assert answer["Location"] == reverse("email-to-case")
    row = row_of(scene)
    assert (row.from_email_id, row.add_to_cc, row.acknowledges) == (True, True, False)
    assert row.assigned_employee_id == scene.company.dana.pk


def test_below_premium_the_page_explains_and_nothing_can_be_added(scene: Scene, maya: Client) -> None:
    organisation = scene.company.organisation
    with organisation_scope(organisation.pk):
        organisation.plan = "lite"
        organisation.save()
    content = maya.get(reverse("email-to-case")).content.decode()
    assert "is on the Lite plan" in content
    assert reverse("email-to-case-add") not in content
    for answer in (maya.get(reverse("email-to-case-add")), maya.post(reverse("email-to-case-add"), FORM)):
        assert answer.status_code == 403
        assert b"part of the Premium plan" in answer.content
    with organisation_scope(organisation.pk):
        assert not Diagnosis.objects.exclude(state="failed").exists()


def test_pause_resume_and_delete(scene: Scene, maya: Client) -> None:
    pk = scene.company.support.pk
    maya.post(reverse("email-to-case-pause", args=[pk]))
    assert row_of(scene).is_paused
    assert b"Paused" in maya.get(reverse("email-to-case")).content
    maya.post(reverse("email-to-case-resume", args=[pk]))
    assert not row_of(scene).is_paused
    maya.post(reverse("email-to-case-deletion", args=[pk]))
    assert row_of(scene).deleted_at
    assert maya.get(reverse("email-to-case-edit", args=[pk])).status_code == 404


def test_an_acknowledgement_is_edited_previewed_and_reset(scene: Scene, maya: Client) -> None:
    path = reverse("acknowledgement", args=[scene.company.support.pk])
    preview = maya.post(
        reverse("acknowledgement-preview", args=[scene.company.support.pk]),
        {"subject": "Got it {{ case.number }}", "body": "Dear {{ contact.name }} <3"},
    )
    assert b"Got it CW-1042" in preview.content
    assert b"Dear Parker Ehlers &lt;3" in preview.content
    broken = maya.post(path, {"subject": "x", "body": "{% if %}", "acknowledges": "on"})
    assert broken.status_code == 422
    assert not row_of(scene).acknowledgement_body
    maya.post(path, {"subject": "Got {{ case.number }}", "body": "Thanks"})
    row = row_of(scene)
    assert (row.acknowledgement_subject, row.acknowledgement_body, row.acknowledges) == (
        "Got {{ case.number }}",
        "Thanks",
        False,
    )
    maya.post(reverse("acknowledgement-reset", args=[scene.company.support.pk]))
    assert not row_of(scene).acknowledgement_body


def test_an_acknowledgement_is_tried_out_before_it_is_saved(scene: Scene, maya: Client) -> None:
    path = reverse("acknowledgement-test", args=[scene.company.support.pk])
    typed = {"subject": "Got it {{ case.number }}", "body": "Dear {{ contact.name }}\r\n\r\nSoon."}
    answer = maya.post(path, typed, headers={"HX-Request": "true"})
    assert b"On its way to maya@fieldnote.example" in answer.content
    assert b"<form" not in answer.content
    whole = maya.post(path, typed)  # without scripts
    assert b"On its way" in whole.content and b"Got it {{ case.number }}" in whole.content
    assert not row_of(scene).acknowledgement_body
    with organisation_scope(scene.company.organisation.pk):
        rows = OutboundEmail.objects.filter(created_by=scene.company.maya)
        assert [(row.kind, row.recipients) for row in rows] == [("acknowledgement", ["maya@fieldnote.example"])] * 2
        raw = rows[0].raw.content()
    assert b"\r\nSubject: Got it CW-1042\r\n" in raw
    assert b"\r\nAuto-Submitted: auto-" in raw
    assert b"Dear Parker Ehlers" in raw
    broken = maya.post(path, {"subject": "x", "body": "{% if %}"})
    assert broken.status_code == 422
    with organisation_scope(scene.company.organisation.pk):
        assert rows.count() == 2


def test_the_outbox_cancels_what_waits_and_sends_again_what_failed(scene: Scene, maya: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        row = OutboundEmail.objects.get()

    def state() -> str:
        with organisation_scope(scene.company.organisation.pk):
            row.refresh_from_db()
        return str(row.state)

    assert b"Cancel" in maya.get(reverse("outgoing-email")).content
    maya.post(reverse("outbound-cancel", args=[row.pk]))
    assert state() == "cancelled"
    refused = maya.post(reverse("outbound-retry", args=[row.pk]), follow=True)
    assert b"Look again" in refused.content
    with organisation_scope(scene.company.organisation.pk):
        OutboundEmail.objects.update(state="uncertain", server_words="Connection reset <by> peer")
    assert b"Connection reset &lt;by&gt; peer" in maya.get(reverse("outgoing-email") + "?state=uncertain").content
    maya.post(reverse("outbound-retry", args=[row.pk]))
    assert state() == "queued"


def test_a_system_mail_is_not_shown_in_the_raw(scene: Scene, maya: Client) -> None:
    maya.post(reverse("employee-invite"), {"name": "P", "email": "p@fieldnote.example", "role": "agent"})
    with organisation_scope(scene.company.organisation.pk):
        pk = OutboundEmail.objects.get(kind="system").pk
    assert maya.get(reverse("outbound-source", args=[pk])).status_code == 404


def test_the_mail_log_says_why_and_searches(scene: Scene, maya: Client) -> None:
    content = maya.get(reverse("mail-log")).content.decode()
    assert "Opened CW-1" in content
    assert "Tent pole" in maya.get(reverse("mail-log") + "?q=parker@brightwater").content.decode()
    assert "No mail fits" in maya.get(reverse("mail-log") + "?q=nobody").content.decode()
    with organisation_scope(scene.company.organisation.pk):
        row = InboundEmail.objects.get()
        InboundEmail.objects.update(state="quarantined", reason="It broke", detail="Traceback <x>")
    assert b"Traceback &lt;x&gt;" in maya.get(reverse("mail-log")).content
    maya.post(reverse("inbound-again", args=[row.pk]))
    with organisation_scope(scene.company.organisation.pk):
        assert InboundEmail.objects.get().state == "pending"


def test_a_token_is_shown_once_and_revoked(scene: Scene, maya: Client) -> None:
    import re

    content = maya.post(reverse("api-tokens"), {"name": "Import <x>"}).content.decode()
    found = re.search(r"cw_[\w-]{40,}", content)
    assert found
    assert found.group(0) not in maya.get(reverse("api-tokens")).content.decode()
    with organisation_scope(scene.company.organisation.pk):
        row = ApiToken.objects.get(hash=ApiToken.hash_of(found.group(0)))
    maya.post(reverse("api-token-revoke", args=[row.pk]))
    with organisation_scope(scene.company.organisation.pk):
        assert not ApiToken.objects.filter(pk=row.pk).exists()


def test_a_contact_is_made_edited_and_its_addresses_stay_its_own(scene: Scene, maya: Client) -> None:
    taken = maya.post(reverse("new-contact"), {"name": "Other", "emails": "Parker@Brightwater.example"})
    assert taken.status_code == 422
    assert b"belongs to Parker Ehlers already" in taken.content
    answer = maya.post(
        reverse("new-contact"),
        {"name": "Ines Marchetti", "emails": "ines@a.example\nines@b.example", "company": "Marchetti"},
    )
    assert answer.status_code == 302
    pk = int(answer["Location"].rpartition("/")[2])
    maya.post(
        reverse("edit-contact", args=[pk]), {"name": "Ines M.", "emails": "ines@b.example", "company": "marchetti"}
    )
    with organisation_scope(scene.company.organisation.pk):
        row = Contact.objects.get(pk=pk)
        assert [one.email for one in row.addresses.all()] == ["ines@b.example"]
        assert (row.name, row.customer.name if row.customer else "") == ("Ines M.", "Marchetti")
    assert b"Ines M." in maya.get("/contacts?q=ines%40b").content
    assert b"Tent pole snapped" in maya.get(reverse("contact", args=[scene.case.contact_id])).content


def test_the_theme_and_profile_are_kept(scene: Scene, maya: Client) -> None:
    maya.post(reverse("theme"), {"theme": "dark"})
    assert b'data-theme="dark"' in maya.get("/cases").content
    maya.post(reverse("profile"), {"name": "Maya L.", "language": "de", "time_zone": "Asia/Tokyo"})
    assert b'lang="de"' in maya.get("/cases").content
    wrong = maya.post(reverse("profile"), {"name": "", "language": "xx", "time_zone": "Moon/Sea"})
    assert wrong.status_code == 422


@pytest.mark.parametrize("path", ["/cases/999", "/nowhere", "/cases/not-a-view", "/contacts/1234567"])
def test_a_page_that_is_not_there_says_what_to_do(path: str, scene: Scene, maya: Client) -> None:
    answer = maya.get(path)
    assert answer.status_code == 404
    assert b"Go to My Cases" in answer.content
