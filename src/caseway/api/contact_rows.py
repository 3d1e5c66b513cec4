"""Writing contacts: addresses stay with one person, companies are found by name."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from caseway.api import found
from caseway.api.authentication import ApiRequest
from caseway.api.problems import TAKEN, FieldError, ProblemError, invalid
from caseway.api.schemas.contacts import ContactChange, NewContact
from caseway.contacts.models import Contact, ContactAddress, Customer
from caseway.mail.address import address_key

PLAIN_FIELDS = ("name", "job_title", "phone", "notes", "is_blocked")


def create(request: ApiRequest, new: NewContact) -> Contact:
    """A new contact; raises ProblemError when an address is another contact's."""
    addresses = _addresses(new.emails)
    with transaction.atomic():
        contact = Contact.objects.create(
            organisation_id=request.auth.organisation_id,
            name=_name(new.name),
            customer=_customer(request, new.customer),
            job_title=new.job_title,
            phone=new.phone,
            notes=new.notes,
            source="api",
            created_by=request.auth,
        )
        _set_addresses(contact, addresses)
    return contact


def change(request: ApiRequest, contact: Contact, wanted: ContactChange) -> None:
    """Sets what is given; raises ProblemError when an address is another contact's."""
    given = wanted.model_dump(exclude_unset=True)
    addresses = None if wanted.emails is None else _addresses(wanted.emails)
    with transaction.atomic():
        for field in PLAIN_FIELDS:
            if given.get(field) is not None:
                setattr(contact, field, _name(given[field]) if field == "name" else given[field])
        if wanted.customer is not None:
            contact.customer = _customer(request, wanted.customer)
        contact.modified_at = timezone.now()
        contact.save(update_fields=[*PLAIN_FIELDS, "customer", "modified_at"])
        if addresses is not None:
            contact.addresses.exclude(key__in=addresses).delete()
            _set_addresses(contact, addresses)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise invalid("name", "A contact needs a name.")
    return name


def _addresses(emails: list[str]) -> dict[str, str]:
    """Address key → address as written, doubles dropped."""
    written = [found.address(text, f"emails.{index}").email for index, text in enumerate(emails)]
    return {address_key(email): email for email in reversed(written)}


def _set_addresses(contact: Contact, addresses: dict[str, str]) -> None:
    has = set(contact.addresses.values_list("key", flat=True))
    for key, email in reversed(addresses.items()):
        if key in has:
            continue
        row, created = ContactAddress.objects.get_or_create(
            organisation_id=contact.organisation_id,
            key=key,
            receives_mail=True,
            defaults={"contact": contact, "email": email},
        )
        if not created:
            other = f"{email} belongs to contact {row.contact_id}, {row.contact.name}. Change that one instead."
            raise ProblemError(TAKEN, other, errors=[FieldError("emails", other)])


def _customer(request: ApiRequest, name: str) -> Customer | None:
    name = " ".join(name.split())
    if not name:
        return None
    organisation = request.auth.organisation_id
    known = Customer.objects.filter(organisation_id=organisation, name__iexact=name).order_by("pk").first()
    return known or Customer.objects.create(organisation_id=organisation, name=name)
