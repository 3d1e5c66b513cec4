"""The Contacts app as pages: few queries, every change, files in and out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from caseway.accounts.scope import organisation_scope
from caseway.cases.opening import open_by_hand
from caseway.contacts.exchange import importing
from caseway.contacts.models import Contact, ContactAddress, ContactImport, Customer, Merge
from tests.web.conftest import Scene, signed_in

MOST_QUERIES = 12


@pytest.fixture
def many(scene: Scene) -> Scene:
    """Sixty contacts of one company, and forty more cases of Parker."""
    organisation = scene.company.organisation
    with organisation_scope(organisation.pk):
        guides = scene.case.contact.customer
        for number in range(60):
            contact = Contact.objects.create(organisation=organisation, name=f"Guide {number:02}", customer=guides)
            ContactAddress.take(contact, f"guide{number}@brightwater.example")
        Contact.objects.update(last_message_at=timezone.now())
        for number in range(40):
            open_by_hand(organisation, by=scene.company.dana, subject=f"Case {number}", contact=scene.case.contact)
    return scene


@pytest.mark.parametrize(
    "path",
    [
        "/contacts",
        "/contacts?view=all",
        "/contacts?q=guide",
        "/contacts?open=1",
        "/contacts?blocked=1",
        "/contacts?company={company}",
        "/contacts/{contact}",
        "/contacts/{contact}?cases=closed&q=guide",
        "/contacts/{contact}/row",
        "/contacts/{contact}/messages",
        "/contacts/{contact}/edit",
        "/contacts/{contact}/merge?q=guide",
        "/contacts/new",
        "/contacts/import",
        "/companies",
        "/companies?q=bright",
        "/companies/{company}",
        "/companies/{company}/edit",
    ],
)
def test_no_page_asks_more_than_twelve_queries(
    many: Scene, dana: Client, path: str, django_assert_max_num_queries: Callable
) -> None:
    path = path.format(contact=many.case.contact_id, company=many.case.contact.customer_id)
    dana.get(path)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert dana.get(path).status_code == 200


def test_the_next_page_follows(many: Scene, maya: Client) -> None:
    first = maya.get("/contacts?view=all")
    page = first.context["page"]
    assert len(page.rows) == 50
    second = maya.get("/contacts", {"view": "all", "after": page.next})
    names = [row.name for row in page.rows] + [row.name for row in second.context["page"].rows]
    assert len(names) == len(set(names)) == 62  # Parker, his double of the scene, sixty guides


def test_search_shows_all_that_match_and_says_so_when_none_does(many: Scene, maya: Client) -> None:
    assert b"Guide 07" in maya.get("/contacts?q=guide7").content
    assert "No contact matches" in maya.get("/contacts?q=nobody").content.decode()


def test_the_page_of_a_contact(scene: Scene, maya: Client) -> None:
    text = maya.get(f"/contacts/{scene.case.contact_id}").content.decode()
    for word in ("Parker Ehlers", "parker@brightwater.example", scene.case.subject, "Brightwater", "Messages"):
        assert word in text


def test_a_merged_contact_leads_on(scene: Scene, maya: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        gone = Contact.objects.create(
            organisation=scene.company.organisation, name="P.", merged_into=scene.case.contact
        )
    for path in ("", "/merge"):
        answer = maya.get(f"/contacts/{gone.pk}{path}")
        assert answer["Location"] == f"/contacts/{scene.case.contact_id}"


def test_merging_and_undoing_by_the_pages(scene: Scene, dana: Client) -> None:
    parker = scene.case.contact
    dana.post("/contacts/new", {"name": "P. Ehlers", "emails": "parker@gmail.com", "phone": "555"})
    with organisation_scope(scene.company.organisation.pk):
        other = Contact.objects.get(name="P. Ehlers")
    choice = dana.get(f"/contacts/{parker.pk}/merge?with={other.pk}")
    assert [one["name"] for one in choice.context["choices"]] == ["name"]
    answer = dana.post(f"/contacts/{parker.pk}/merge", {"with": other.pk, "name": "other"}, follow=True)
    assert "P. Ehlers" in answer.content.decode()
    with organisation_scope(scene.company.organisation.pk):
        merge = Merge.objects.filter(gone_contact=other).get()
    assert f"/contacts/merges/{merge.pk}/undo" in answer.content.decode()
    answer = dana.post(f"/contacts/merges/{merge.pk}/undo", follow=True)
    assert answer.redirect_chain[-1][0] == f"/contacts/{other.pk}"


def test_an_address_of_somebody_else_offers_the_merge(scene: Scene, dana: Client) -> None:
    dana.post("/contacts/new", {"name": "Kim", "emails": "kim@home.example"})
    with organisation_scope(scene.company.organisation.pk):
        kim = Contact.objects.get(name="Kim")
    answer = dana.post(f"/contacts/{scene.case.contact_id}/addresses", {"email": "kim@home.example"})
    assert answer["Location"] == f"/contacts/{scene.case.contact_id}/merge?with={kim.pk}"


def test_addresses_are_added_put_first_removed_and_brought_back(scene: Scene, dana: Client) -> None:
    parker, of = scene.case.contact, scene.company.organisation.pk
    dana.post(f"/contacts/{parker.pk}/addresses", {"email": "second@home.example"})
    with organisation_scope(of):
        second = parker.addresses.get(email="second@home.example")
    dana.post(f"/contacts/addresses/{second.pk}/first")
    with organisation_scope(of):
        assert Contact.objects.get(pk=parker.pk).email == "second@home.example"
    answer = dana.post(f"/contacts/addresses/{second.pk}/removal", follow=True)
    undo = f"/contacts/{parker.pk}/addresses?email=second%40home.example"
    assert undo in answer.content.decode()
    dana.post(undo)
    with organisation_scope(of):
        assert parker.addresses.filter(email="second@home.example").exists()


def test_blocking_says_where_the_mail_goes(scene: Scene, maya: Client) -> None:
    answer = maya.post(f"/contacts/{scene.case.contact_id}/block", follow=True)
    text = answer.content.decode()
    assert "Blocked by Maya Lindqvist" in text
    assert "kept in the mail log" in text
    assert "/settings/mail-log?state=ignored&amp;q=parker" in text
    assert b"Blocked by" not in maya.post(f"/contacts/{scene.case.contact_id}/unblock", follow=True).content


def test_notes_are_kept_with_their_writer(scene: Scene, dana: Client) -> None:
    answer = dana.post(f"/contacts/{scene.case.contact_id}/notes", {"notes": "Ask for the hut."}, follow=True)
    assert "Ask for the hut." in answer.content.decode()
    assert "Dana Whitfield, " in answer.content.decode()


def test_a_new_contact_gets_the_company_of_the_domain(scene: Scene, dana: Client) -> None:
    dana.post("/contacts/new", {"name": "Kim", "emails": "kim@brightwater.example"})
    with organisation_scope(scene.company.organisation.pk):
        assert Contact.objects.get(name="Kim").customer == scene.case.contact.customer


def test_a_companys_domain_of_another_asks_whether_they_are_one(scene: Scene, dana: Client) -> None:
    of = {"organisation": scene.company.organisation}
    with organisation_scope(scene.company.organisation.pk):
        hut = Customer.objects.create(name="Hut Company", **of)
    data = {"name": "Hut Company", "domain": "brightwater.example"}
    answer = dana.post(f"/companies/{hut.pk}/edit", data)
    assert answer.status_code == 422
    assert "belongs to Brightwater already" in answer.content.decode()
    answer = dana.post(f"/companies/{hut.pk}/edit", {**data, "merge": scene.case.contact.customer_id}, follow=True)
    assert "Parker Ehlers" in answer.content.decode()
    with organisation_scope(scene.company.organisation.pk):
        assert Contact.objects.get(name="Parker Ehlers").customer == hut
        merge = Merge.objects.filter(customer=hut).get()
    dana.post(f"/companies/merges/{merge.pk}/undo")
    with organisation_scope(scene.company.organisation.pk):
        assert Contact.objects.get(name="Parker Ehlers").customer != hut


@pytest.mark.parametrize("domain", ["gmail.com", "no domain", "x", "mail.brightwater.example"])
def test_what_is_no_companys_domain_is_refused(scene: Scene, dana: Client, domain: str) -> None:
    answer = dana.post(f"/companies/{scene.case.contact.customer_id}/edit", {"name": "B", "domain": domain})
    assert answer.status_code == 422


def test_a_file_is_looked_at_tried_imported_and_undone(scene: Scene, dana: Client) -> None:
    file = SimpleUploadedFile("people.csv", "Name;E-Mail\nKim;kim@kita.example\nBad;no address\n".encode("utf-16"))
    answer = dana.post("/contacts/import", {"file": file})
    path = answer["Location"]
    text = dana.get(path).content.decode()
    assert "separated by semicolons" in text
    assert '<option value="email" selected>' in text
    dana.post(path, {"do": "check", "column-0": "name", "column-1": "email"})
    assert "Looking what would happen" in dana.get(path).content.decode()
    importing.run_due()
    text = dana.get(f"{path}/status").content.decode()
    assert "Import 1 contact" in text
    assert "is no email address" in text
    dana.post(path, {"do": "import"})
    importing.run_due()
    with organisation_scope(scene.company.organisation.pk):
        assert Contact.objects.filter(name="Kim").exists()
    assert "Undo the import" in dana.get(path).content.decode()
    dana.post(path, {"do": "undo"})
    importing.run_due()
    with organisation_scope(scene.company.organisation.pk):
        assert not Contact.objects.filter(name="Kim").exists()
    assert "taken back" in dana.get(path).content.decode()


def test_a_file_that_is_none_says_what_to_do(scene: Scene, dana: Client) -> None:
    file = SimpleUploadedFile("people.xlsx", b"PK\x03\x04" + b"\0" * 1000)
    answer = dana.post("/contacts/import", {"file": file})
    assert answer.status_code == 422
    assert "Save the table as CSV" in answer.content.decode()
    with organisation_scope(scene.company.organisation.pk):
        assert ContactImport.objects.count() == 1  # the scene's own


@pytest.mark.django_db(transaction=True)  # the pieces are read by another thread
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
def test_the_export_holds_everybody_safely(many: Scene, maya: Client) -> None:
    with organisation_scope(many.company.organisation.pk):
        Contact.objects.filter(name="Guide 01").update(name="=HYPERLINK(1)", phone="+43 512")
    answer = maya.get("/contacts/export.csv?view=all")
    text = b"".join(answer).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 62
    evil = next(row for row in rows if "HYPERLINK" in row["Name"])
    assert (evil["Name"], evil["Phone"]) == ("'=HYPERLINK(1)", "'+43 512")
    found = b"".join(maya.get("/contacts/export.vcf?q=parker")).decode()
    assert found.count("BEGIN:VCARD") == 1
    assert "EMAIL;PREF=1:parker@brightwater.example" in found


def test_a_light_agent_sees_no_buttons(scene: Scene) -> None:
    text = signed_in(scene.company.light).get(f"/contacts/{scene.case.contact_id}").content.decode()
    for word in ("Add address", "Write a note", '/merge"', "/block"):
        assert word not in text
