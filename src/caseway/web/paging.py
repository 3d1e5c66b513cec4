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


def key_of(after: str) -> int | None:
    """The id that `after` holds; None when it cannot be read."""
    return int(after) if after.isdecimal() and len(after) < 18 else None


def page_of(rows: QuerySet[Row], after: str) -> Page[Row]:
    """The rows with an id below `after`; a key that cannot be read is the beginning."""
    if (key := key_of(after)) is not None:
        rows = rows.filter(pk__lt=key)
    found = list(rows.order_by("-pk")[: SIZE + 1])
    return Page(found[:SIZE], str(found[SIZE - 1].pk) if len(found) > SIZE else "")
