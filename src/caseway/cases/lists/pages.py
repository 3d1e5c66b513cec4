"""Pages of a list, by key and never by offset."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from caseway.accounts.models import Employee
from caseway.cases.lists.order import DEFAULT, Sort, behind, keys_of, ordered, read_key, write_key
from caseway.cases.lists.unread import with_unread
from caseway.cases.models import Case
from caseway.cases.models.case import CaseQuerySet

PAGE_SIZE = 50
RELATED = ("contact", "customer", "assigned_employee", "assigned_team")
ROW = (
    *("number", "organisation", "subject", "preview", "email", "status", "priority", "has_attachment", "need_by"),
    *("is_snoozed", "snoozed_until", "received_at", "created_at", "modified_at", *RELATED),
    *(f"{related}__name" for related in RELATED),
)
"""The columns that a row of a list is drawn from."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows in order, and the key to ask for those after them ('' = there are none)."""

    rows: list[Case]
    next: str


def page(
    rows: CaseQuerySet | Sequence[CaseQuerySet],
    after: str = "",
    size: int = PAGE_SIZE,
    *,
    sort: Sort = DEFAULT,
    grouping: str = "",
    employee: Employee | None = None,
    related: Sequence[str] = (),
    columns: Sequence[str] = (),
    is_narrow: bool = False,
) -> Page:
    """The `size` cases after the key `after`, latest change first unless `sort` or `grouping` say otherwise.

    `rows` may be several queries: the page is of their union, and each brings only its own first rows. With an
    `employee` the rows know whether they are unread; `related` names what is read with each besides, `columns` those
    that are read, when it is not all. A key that cannot be read is taken as the beginning. Rows that change meanwhile
    move to the top; none is skipped.

    `is_narrow`: so little is kept that it is found by its filters and then sorted. PostgreSQL, which knows nothing of
    how creation and change go together, would walk along the order until it met the first.
    """
    keys = keys_of(sort, grouping)
    values = read_key(keys, after)
    parts = [ordered(part, keys, by_index=not is_narrow) for part in (rows if isinstance(rows, Sequence) else [rows])]
    if values is not None:
        parts = [part.filter(behind(keys, values)) for part in parts]
    found = ordered(first_of(parts, size + 1), keys).select_related(*RELATED, *related)
    if employee is not None:
        found = with_unread(found, employee)
    if columns:
        found = found.only(*columns)
    listed = list(found[: size + 1])
    has_more = len(listed) > size
    listed = listed[:size]
    return Page(listed, write_key(keys, listed[-1]) if has_more else "")


def first_of(parts: list[CaseQuerySet], size: int) -> CaseQuerySet:
    """The first `size` of each. Found as ids: what has to be sorted is then not whole rows with all they belong to."""
    ids = [part.values("pk")[:size] for part in parts]
    cases: CaseQuerySet = Case.objects.all()
    return cases.filter(pk__in=ids[0].union(*ids[1:]) if len(ids) > 1 else ids[0])


def make_key(moment: datetime.datetime, last: int) -> str:
    """The key of the default order: behind the case that changed then and has that id."""
    return f"{moment.astimezone(datetime.UTC).isoformat()}_{last}"


def read_default_key(text: str) -> tuple[datetime.datetime, int] | None:
    """What `make_key` wrote; None for anything else."""
    values = read_key(keys_of(DEFAULT), text)
    return None if values is None else (values[0], values[1])
