"""Contacts to work with."""

from collections.abc import Callable

import pytest

from caseway.contacts.models import Contact, ContactAddress
from tests.companies import Company


@pytest.fixture
def person(company: Company) -> Callable[..., Contact]:
    """Make a contact: `person("Parker Ehlers", "parker@brightwater.example", phone="…")`."""

    def make(name: str, *emails: str, **values: object) -> Contact:
        contact = Contact.objects.create(organisation=company.organisation, name=name, **values)
        for email in emails:
            assert ContactAddress.take(contact, email)
        return contact

    return make
