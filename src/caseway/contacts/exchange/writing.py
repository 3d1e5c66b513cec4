"""Writing what a slice of an imported file does, with few statements, and remembering how to take it back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from caseway.contacts.exchange.plan import Person, Plan
from caseway.contacts.free_mail import business_domain
from caseway.contacts.models import Contact, ContactAddress, ContactImport, Customer, ImportedContact

CHANGED = ("name", "job_title", "phone", "notes", "customer_id")


class Writer:
    """Writes the plans of one import. Companies are looked for once."""

    def __init__(self, job: ContactImport) -> None:
        self._job = job
        self._companies: dict[str, int | None] = {}

    def write(self, plan: Plan) -> None:
        """Inside the caller's transaction. Raises IntegrityError when an address was taken meanwhile."""
        self._make(plan.made)
        self._change(list(plan.changed))

    def _make(self, people: list[Person]) -> None:
        now = timezone.now()
        made = [
            Contact(
                organisation_id=self._job.organisation_id,
                customer_id=self._company(person),
                source="import",
                created_by_id=self._job.created_by_id,
                created_at=now,
                modified_at=now,
                **{name: person.values[name] for name in ("name", "job_title", "phone", "notes")},
            )
            for person in people
        ]
        Contact.objects.bulk_create(made)
        addresses = [self._address(contact, person.emails) for contact, person in zip(made, people, strict=True)]
        ContactAddress.objects.bulk_create([row for rows in addresses for row in rows])
        self._remember([(contact, True, {}) for contact in made])

    def _change(self, people: list[Person]) -> None:
        changed, added, memory = [], [], []
        for person in people:
            contact = person.contact
            assert contact is not None, "only those that are there are changed"
            before: dict[str, Any] = {name: value for name, value in person.before.items() if name != "company"}
            for name in before:
                setattr(contact, name, person.values[name])
            if "company" in person.before:
                before["customer_id"], contact.customer_id = contact.customer_id, self._company(person)
            changed.append(contact)
            added += self._address(contact, person.added, after=len(person.emails))
            after = {name: getattr(contact, name) for name in before}
            memory.append((contact, False, {"before": before, "after": after, "addresses": list(person.added)}))
        Contact.objects.bulk_update(changed, [*CHANGED[:-1], "customer"])
        ContactAddress.objects.bulk_create(added)
        self._remember(memory)

    def _address(self, contact: Contact, emails: dict[str, str], after: int = 0) -> list[ContactAddress]:
        return [
            ContactAddress(
                organisation_id=contact.organisation_id, contact=contact, email=email, key=key, position=after + place
            )
            for place, (key, email) in enumerate(emails.items())
        ]

    def _company(self, person: Person) -> int | None:
        """By its name in the file, else by the domain of the first address."""
        organisation = self._job.organisation_id
        if name := person.values["company"]:
            key = f"name {name.casefold()}"
            if key not in self._companies:
                company = Customer.objects.named(organisation, name)
                self._companies[key] = company.pk if company else None
            return self._companies[key]
        domain = next((found for email in person.emails.values() if (found := business_domain(email))), "")
        if domain and domain not in self._companies:
            self._companies[domain] = Customer.objects.of_address(organisation, f"@{domain}")
        return self._companies.get(domain)

    def _remember(self, rows: list[tuple[Contact, bool, dict[str, Any]]]) -> None:
        ImportedContact.objects.bulk_create(
            ImportedContact(
                organisation_id=self._job.organisation_id, of=self._job, contact=contact, is_made=is_made, data=data
            )
            for contact, is_made, data in rows
        )
