"""The words of a search as a condition on a list, in the list's own order."""

from __future__ import annotations

from django.db.models import Q

from caseway.cases.models.case import CaseQuerySet
from caseway.cases.search import index
from caseway.cases.search.query import read

MOST_MESSAGES = 400
"""So many of the newest messages that have the words count; `find` looks at all of them."""


def within(rows: CaseQuerySet, text: str) -> CaseQuerySet:
    """Those of the cases that the words mean: by number, Message-ID, or a message that has them all.

    Operators are not read here: a list has its filters. Empty text changes nothing.
    """
    query = read(text)
    if not query.words:
        return rows
    if query.number is not None and not query.words[0].text.isdecimal():
        return rows.filter(number=query.number)
    found = index.newest(query.words, {}, None, MOST_MESSAGES, budget=index.PATIENTLY)
    fits = Q(pk__in={candidate.case for candidate in found.candidates})
    if query.number is not None:
        fits |= Q(number=query.number)
    if query.message_identifier:
        fits |= Q(messages__message_identifier=query.message_identifier)
        rows = rows.distinct()
    return rows.filter(fits)
