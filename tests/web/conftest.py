"""Two companies with a case each, and people of every role who are signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.test import Client

from caseway.accounts.models import ApiToken, Employee, Organisation, Team
from caseway.accounts.scope import organisation_scope
from caseway.cases.models import (
    Attachment,
    Case,
    CaseType,
    CustomField,
    DraftFile,
    Message,
    SavedView,
    Tag,
    WrittenDraft,
)
from caseway.contacts.models import Contact, ContactImport, Customer, Merge
from caseway.intake.models import HistoryImport, InboundEmail, SenderRule
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.mailboxes.models import Diagnosis, DiagnosisState
from caseway.outbound.models import CannedReply, OutboundEmail, Pause
from tests.companies import Company, make_company
from tests.web.sample import with_picture

PASSWORD = "amber-otter-4471"


@dataclass
class Scene:
    """A company, its case from a mail with a picture, and the ids of everything that an address may name."""

    company: Company
    case: Case
    message: Message
    attachment: Attachment
    ids: dict[str, list[object]] = field(default_factory=dict)


def make_scene(slug: str = "fieldnote", domain: str = "fieldnote.example") -> Scene:
    company = make_company(slug, domain, PASSWORD)
    organisation = company.organisation
    with organisation_scope(organisation.pk):
        receive_piped(organisation, with_picture(f"support@{domain}"), f"support@{domain}")
    process_pending()
    with organisation_scope(organisation.pk):
        case = Case.objects.select_related("contact").get()
        message = case.messages.filter(direction="in").get()
        attachment = message.attachments.get()
        diagnosis = Diagnosis.objects.create(organisation=organisation, form="", state=DiagnosisState.FAILED)
        ApiToken.issue(company.maya, "Import")
        outbound = OutboundEmail.objects.get(kind="acknowledgement")
        scene = Scene(company, case, message, attachment)
        scene.ids = {
            "": [],
            "number": [case.number],
            "message": [message.pk],
            "attachment": [attachment.pk],
            "contact": [case.contact_id],
            "address": [company.support.pk],
            "diagnosis": [diagnosis.pk],
            "outbound": [outbound.pk],
            "inbound": [InboundEmail.objects.get().pk],
            "employee": [company.dana.pk],
            "import": [HistoryImport.objects.create(organisation=organisation, mailbox=company.mailbox).pk],
            "token": [ApiToken.objects.get().pk],
            "rule": [SenderRule.objects.create(organisation=organisation, key="@spam.example").pk],
            "pause": [Pause.objects.create(organisation=organisation, kind="flood", key="a@b.example", reason="x").pk],
            "slug": ["all-open"],
            "view": [
                SavedView.objects.create(
                    organisation=organisation, employee=company.maya, name="Late", is_shared=True
                ).pk
            ],
            **_contact_ids(organisation, case.contact),
            "type": [CaseType.objects.create(organisation=organisation, name="Refund").pk],
            "tag": [Tag.objects.create(organisation=organisation, name="vip", hue=3).pk],
            "field": [CustomField.objects.create(organisation=organisation, key="order", label="Order").pk],
            "team": [Team.objects.create(organisation=organisation, name="Repairs").pk],
            **_written(company, case),
        }
    return scene


def _contact_ids(organisation: Organisation, contact: Contact | None) -> dict[str, list[object]]:
    """Ids of what belongs to a contact: an address, its company, an import, merges."""
    assert contact is not None
    of = {"organisation": organisation}
    other, company = Contact.objects.create(name="Parker E.", **of), Customer.objects.create(name="Brightwater B", **of)
    contact_merge = Merge.objects.create(contact=contact, gone_contact=other, **of)
    company_merge = Merge.objects.create(customer=contact.customer, gone_customer=company, **of)
    return {
        "contact_address": [contact.addresses.get().pk],
        "company": [contact.customer_id],
        "contact_import": [ContactImport.objects.create(file_name="people.csv", kind="csv", **of).pk],
        "contact_merge": [contact_merge.pk],
        "company_merge": [company_merge.pk],
    }


def _written(company: Company, case: Case) -> dict[str, list[object]]:
    """Maya's draft with a file, and a canned reply."""
    own = {"organisation": company.organisation}
    draft = WrittenDraft.objects.create(**own, employee=company.maya, case=case, kind="note", text="Half a thought")
    file = DraftFile.objects.create(**own, draft=draft, name="a.txt", size=1, content=b"x")
    canned = CannedReply.objects.create(**own, title="Hello", text="Hello {{ contact.name }}")
    return {"draft": [draft.pk], "draft_file": [file.pk], "canned": [canned.pk]}


@pytest.fixture
def scene(db: None) -> Scene:
    return make_scene()


@pytest.fixture
def other(db: None) -> Scene:
    """Another organisation on the same installation."""
    return make_scene("northwind", "northwind.example")


def signed_in(employee: Employee, **options: bool) -> Client:
    client = Client(**options)  # type: ignore[arg-type]
    with organisation_scope(employee.organisation_id):
        client.force_login(employee, backend="caseway.accounts.sign_in.EmployeeBackend")
    return client


@pytest.fixture
def maya(scene: Scene) -> Client:
    return signed_in(scene.company.maya)


@pytest.fixture
def dana(scene: Scene) -> Client:
    return signed_in(scene.company.dana)


@pytest.fixture
def lior(scene: Scene) -> Client:
    return signed_in(scene.company.light)


@pytest.fixture
def fresh_case(scene: Scene) -> Callable[[], Case]:
    """The case as the database has it now."""

    def load() -> Case:
        with organisation_scope(scene.company.organisation.pk):
            return Case.objects.get(pk=scene.case.pk)

    return load
