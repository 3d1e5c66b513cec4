"""Words as a condition on a list."""

from __future__ import annotations

from caseway.cases.models.case import CaseQuerySet


def search(rows: CaseQuerySet, text: str) -> CaseQuerySet:
    """Cases whose number, Message-ID or words fit, as search has them."""
    from caseway.cases.search.within import within  # it reads the filters of this room

    return within(rows, text)
