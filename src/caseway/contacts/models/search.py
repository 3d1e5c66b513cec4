"""What a contact is found by."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models

from caseway.accounts.models import Organisation
from caseway.contacts.models.contact import Contact


class ContactSearch(models.Model):
    """Name, addresses, company and phone of a contact in one line, small letters without accents.

    Triggers write it with the contact; `contacts_matching` reads it. See docs/decisions/searching-behind-walls.md.
    """

    contact = models.OneToOneField(
        Contact, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="found_by"
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_index=False)
    text = models.TextField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            GinIndex(OpClass("text", name="gin_trgm_ops"), name="contact_search_text"),
        ]

    def __str__(self) -> str:
        return self.text
