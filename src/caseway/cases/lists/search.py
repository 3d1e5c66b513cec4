"""The simple search within a list."""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q

from caseway.cases.models.case import CaseQuerySet


def search(rows: CaseQuerySet, text: str) -> CaseQuerySet:
    """Cases whose number, subject, contact, address or messages hold the words."""
    text = " ".join(text.replace("\0", " ").split())[:200]
    if not text:
        return rows
    number = text.upper().removeprefix("#").removeprefix("CW-")
    if number.isdecimal() and len(number) < 16:
        return rows.filter(number=int(number))
    words = SearchQuery(text, config="simple", search_type="websearch")
    in_case = (
        Q(subject__icontains=text)
        | Q(email__icontains=text)
        | Q(contact__name__icontains=text)
        | Q(messages__message_identifier=text.strip("<>"))
    )
    in_text = rows.annotate(words=SearchVector("subject", "description", config="simple")).filter(words=words)
    return rows.filter(in_case | Q(pk__in=in_text.values("pk"))).distinct()
