"""Lists of cases: the views that everybody has, paged by key and never by offset."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Count, Q

from caseway.accounts.models import Employee
from caseway.cases.models import Case, Status
from caseway.cases.models.case import CaseQuerySet

PAGE_SIZE = 50
MOST_COUNTED = 1_000
"""Counts in the navigation stop here: '999+' says enough, and counting a million rows says no more."""


@dataclass(frozen=True, slots=True)
class View:
    """One list: its name in addresses, its title, and which cases it holds for an employee."""

    slug: str
    title: str
    rows: Callable[[Employee], CaseQuerySet]
    is_counted: bool = True


def _visible(employee: Employee) -> CaseQuerySet:
    return Case.objects.visible_to(employee)


VIEWS: dict[str, View] = {
    view.slug: view
    for view in (
        View("my-cases", "My Cases", lambda employee: _visible(employee).of(employee).unclosed()),
        View("unassigned", "Unassigned", lambda employee: _visible(employee).unassigned().unclosed()),
        View("all-open", "All Open", lambda employee: _visible(employee).unclosed()),
        View("waiting", "Waiting", lambda employee: _visible(employee).filter(status=Status.WAITING)),
        View("closed", "Closed", lambda employee: _visible(employee).filter(status=Status.CLOSED), is_counted=False),
        View("trash", "Trash", Case.objects.deleted_for, is_counted=False),
    )
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows in order, and the key to ask for those after them ('' = there are none)."""

    rows: list[Case]
    next: str


def page(rows: CaseQuerySet, after: str = "", size: int = PAGE_SIZE) -> Page:
    """The `size` cases after the key `after`, latest change first.

    A key that cannot be read is taken as the beginning. Rows that change meanwhile move to the top; none is skipped.
    """
    key = read_key(after)
    if key is not None:
        moment, last = key
        rows = rows.filter(Q(modified_at__lt=moment) | Q(modified_at=moment, pk__lt=last))
    rows = rows.select_related("contact", "customer", "assigned_employee", "assigned_team")
    found = list(rows.order_by("-modified_at", "-pk")[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    return Page(found, make_key(found[-1].modified_at, found[-1].pk) if has_more else "")


def make_key(moment: datetime.datetime, last: int) -> str:
    return f"{moment.astimezone(datetime.UTC).isoformat()}_{last}"


def read_key(text: str) -> tuple[datetime.datetime, int] | None:
    """What `make_key` wrote; None for anything else."""
    moment, _, last = text.rpartition("_")
    try:
        return datetime.datetime.fromisoformat(moment), int(last)
    except ValueError:
        return None


def counts(employee: Employee) -> dict[str, int]:
    """How many cases each counted view holds, in one query."""
    me = Q(assigned_employee=employee)
    nobody = Q(assigned_employee=None, assigned_team=None)
    row = (
        _visible(employee)
        .unclosed()
        .aggregate(
            mine=Count("pk", filter=me),
            unassigned=Count("pk", filter=nobody),
            open=Count("pk"),
            waiting=Count("pk", filter=Q(status=Status.WAITING)),
        )
    )
    return {
        "my-cases": row["mine"],
        "unassigned": row["unassigned"],
        "all-open": row["open"],
        "waiting": row["waiting"],
    }


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
