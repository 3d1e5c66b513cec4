"""Who writes to us: contacts, their addresses, the companies they belong to, merges and imports."""

from caseway.contacts.models.contact import Contact, ContactAddress
from caseway.contacts.models.customer import Customer
from caseway.contacts.models.imports import ContactImport, ImportedContact, ImportState
from caseway.contacts.models.merge import Merge
from caseway.contacts.models.search import ContactSearch

__all__ = [
    "Contact",
    "ContactAddress",
    "ContactImport",
    "ContactSearch",
    "Customer",
    "ImportState",
    "ImportedContact",
    "Merge",
]
