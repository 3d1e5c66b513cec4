"""Pages by key: a cursor names the last row seen, so rows that arrive meanwhile neither repeat nor hide any."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

from caseway.api.problems import ProblemError, invalid

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, newest first, and the cursor of the next page ('' at the end)."""

    rows: list[Row]
    next: str


def newest_first(queryset: QuerySet[Row], after: str, size: int) -> Page[Row]:
    """A page of rows that are ordered by id alone: they never move.

    Raises ProblemError for a cursor that we did not hand out.
    """
    if (key := key_of(after)) is not None:
        queryset = queryset.filter(pk__lt=key)
    rows = list(queryset.order_by("-pk")[: size + 1])
    more = len(rows) > size
    return Page(rows[:size], seal(str(rows[size - 1].pk)) if more else "")


def key_of(after: str) -> int | None:
    """The id that a cursor holds; None for the first page. Raises ProblemError for one that we did not hand out."""
    if not after:
        return None
    key = unseal(after)
    if not key.isdecimal() or len(key) > 18:
        raise bad_cursor()
    return int(key)


def bad_cursor() -> ProblemError:
    return invalid("after", "This cursor was not made here. Send the `next` of the page before as it came.")


def seal(key: str) -> str:
    """A list's own key as an opaque cursor: nobody builds on what it holds."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def unseal(cursor: str) -> str:
    """The key that was sealed; raises ProblemError for a cursor that we did not hand out."""
    try:
        key = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise bad_cursor() from None
    if not key or "\0" in key:
        raise bad_cursor()
    return key
