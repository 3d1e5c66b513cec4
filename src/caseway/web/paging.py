"""Pages of a log, newest first, by key and never by offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)
SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the key of those after them ('' = none)."""

    rows: list[Row]
    next: str


def page_of(rows: QuerySet[Row], after: str) -> Page[Row]:
    """The rows with an id below `after`; a key that cannot be read is the beginning."""
    if after.isdecimal() and len(after) < 18:
        rows = rows.filter(pk__lt=int(after))
    found = list(rows.order_by("-pk")[: SIZE + 1])
    return Page(found[:SIZE], str(found[SIZE - 1].pk) if len(found) > SIZE else "")
