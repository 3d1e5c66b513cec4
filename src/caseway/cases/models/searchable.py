"""What search looks into: words of messages, of cases made by hand and of contacts. Triggers of the database write it.

The tables have their wall, but not for their owner: under row-level security PostgreSQL uses no index for `@@` and
`%`, so functions of the owner read them, and take the organisation from the scope themselves.
See docs/decisions/search-in-postgresql.md.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from caseway.accounts.models import Organisation


class SearchDocument(models.Model):
    """The words of one message (`id` is the message's) or of a case without one (`id` is the case's, negative).

    Each word stands behind its organisation and its week: '1.b94.refund'. So an index of one kind serves every
    organisation without touching another's words, and can be asked for the newest weeks first.
    """

    id = models.BigIntegerField(primary_key=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    case_id = models.BigIntegerField(db_index=True)
    moment = models.DateTimeField(help_text="When the message came: the newest are looked through first")
    words = SearchVectorField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "moment"], name="search_document_moment"),
            GinIndex(fields=["words"], name="search_document_words", gin_pending_list_limit=256),
        ]

    def __str__(self) -> str:
        return f"Words of {self.id}"


class SearchContact(models.Model):
    """The words of a contact (`id` is the contact's): name, customer, addresses, each behind its organisation."""

    id = models.BigIntegerField(primary_key=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    words = SearchVectorField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [GinIndex(fields=["words"], name="search_contact_words")]

    def __str__(self) -> str:
        return f"Words of contact {self.id}"


class NameWord(models.Model):
    """A word of somebody's name or address, to find what a mistyped name meant. A twin does no harm."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    word = models.CharField(max_length=60)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "word"], name="name_word"),
            GinIndex(OpClass("word", name="gin_trgm_ops"), name="name_word_like"),
        ]

    def __str__(self) -> str:
        return self.word
