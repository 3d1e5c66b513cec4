"""The lists that everybody has: which cases each holds, and how many without counting far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, QuerySet
from django.utils.translation import gettext_noop

from caseway.accounts.models import Employee
from caseway.accounts.prepared import Prepared, Sql
from caseway.cases.models import Case, Follower, Mention, Status, WrittenDraft
from caseway.cases.models.case import CaseQuerySet

MOST_COUNTED = 1_000
"""Counts in the navigation stop here: '999+' says enough, and counting a million rows says no more."""

Rows = Callable[[Employee], CaseQuerySet]


def _all(rows: CaseQuerySet) -> CaseQuerySet:
    return rows


def _open(rows: CaseQuerySet) -> CaseQuerySet:
    return rows.unclosed().filter(is_snoozed=False)


def _waiting(rows: CaseQuerySet) -> CaseQuerySet:
    return rows.filter(status=Status.WAITING, is_snoozed=False)


def _closed(rows: CaseQuerySet) -> CaseQuerySet:
    """What went into another case is found there."""
    return rows.filter(status=Status.CLOSED, merged_into=None)


def _snoozed(rows: CaseQuerySet) -> CaseQuerySet:
    return rows.filter(is_snoozed=True)


@dataclass(frozen=True, slots=True)
class View:
    """One list: its name in addresses, its title, and which cases it holds for an employee.

    A view of several parts holds what any of them holds. They are asked for one by one, so that each has its index.
    """

    slug: str
    title: str
    parts_of: tuple[Rows, ...]
    state: Callable[[CaseQuerySet], CaseQuerySet] = _open
    is_counted: bool = True
    is_endless: bool = False
    """Grows for ever: only orders that have an index are offered."""

    def parts(self, employee: Employee, *, in_any_status: bool = False) -> list[CaseQuerySet]:
        """The queries whose union is the view. `in_any_status`: a filter says which, so closed ones may be there."""
        state = _awake if in_any_status and self.state is _open else self.state
        return [state(rows(employee)) for rows in self.parts_of]

    def rows(self, employee: Employee, *, in_any_status: bool = False) -> CaseQuerySet:
        """The view as one query: to look whether a case is in it, or to narrow it further."""
        first, *others = self.parts(employee, in_any_status=in_any_status)
        for other in others:
            first = first | other
        return first


def _awake(rows: CaseQuerySet) -> CaseQuerySet:
    return rows.filter(is_snoozed=False)


def _visible(employee: Employee) -> CaseQuerySet:
    return Case.objects.visible_to(employee)


def _mine(employee: Employee) -> CaseQuerySet:
    return _visible(employee).of(employee)


def _followed(employee: Employee) -> CaseQuerySet:
    return _visible(employee).filter(_is_among(Follower.objects.filter(employee=employee)))


def _mentioned(employee: Employee) -> CaseQuerySet:
    return _visible(employee).filter(_is_among(Mention.objects.filter(employee=employee)))


def _drafted(employee: Employee) -> CaseQuerySet:
    drafts = WrittenDraft.objects.filter(employee=employee, case__isnull=False)
    return _visible(employee).filter(_is_among(drafts))


def _is_among(rows: QuerySet[Any]) -> Func:
    """The condition that a case is one of those that the rows name.

    As an array, which is made first and looked up by id: of a subquery PostgreSQL believes that walking through all
    open cases in order finds some soon.
    """
    return Func(
        F("pk"),
        ArraySubquery(rows.values("case_id")),
        template="(%(expressions)s))",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )


VIEWS: dict[str, View] = {
    view.slug: view
    for view in (
        View("my-cases", gettext_noop("My Cases"), (_mine, _followed)),
        View("unassigned", gettext_noop("Unassigned"), (lambda employee: _visible(employee).unassigned(),)),
        View("all-open", gettext_noop("All Open"), (_visible,)),
        View("waiting", gettext_noop("Waiting"), (_visible,), _waiting),
        View("closed", gettext_noop("Closed"), (_visible,), _closed, is_counted=False, is_endless=True),
        View("mentions", gettext_noop("Mentions"), (_mentioned,), _all),
        View("drafts", gettext_noop("Drafts"), (_drafted,), _all),
        View("snoozed", gettext_noop("Snoozed"), (_visible,), _snoozed),
        View("trash", gettext_noop("Trash"), (Case.objects.deleted_for,), _all, is_counted=False, is_endless=True),
    )
}


def counts(employee: Employee) -> dict[str, int]:
    """How many cases each counted view holds, at most MOST_COUNTED, in one query.

    Mentions counts those that the employee has not looked at yet; Drafts counts drafts.
    """
    [row] = _COUNTS.rows(organisation=employee.organisation_id, employee=employee.pk)
    return dict(zip(_counted(), row, strict=True))


def _counted() -> list[str]:
    slugs = [view.slug for view in VIEWS.values() if view.is_counted]
    return list(dict.fromkeys([*slugs, "mentions", "drafts"]))


def _counting(organisation: int, employee: int) -> Sql:
    """The statement of `counts`, its columns in the order of `_counted`."""
    reader = Employee(pk=employee, organisation_id=organisation)
    asked: dict[str, list[QuerySet[Case] | QuerySet[Mention] | QuerySet[WrittenDraft]]] = {
        view.slug: [*view.parts(reader)] for view in VIEWS.values() if view.is_counted
    }
    asked["mentions"] = [Mention.objects.filter(employee=reader, done_at=None, case__deleted_at=None)]
    asked["drafts"] = [WrittenDraft.objects.filter(employee=reader)]
    columns: list[str] = []
    parameters: list[Any] = []
    for slug in _counted():
        sql, values = _first_of(asked[slug])
        columns.append(f"(SELECT least(count(*), {MOST_COUNTED}) FROM ({sql}) AS counted)")  # noqa: S608 - Django's SQL
        parameters += values
    return f"SELECT {', '.join(columns)}", tuple(parameters)


_COUNTS = Prepared(_counting)


def _first_of(parts: list[QuerySet[Case] | QuerySet[Mention] | QuerySet[WrittenDraft]]) -> tuple[str, list[Any]]:
    """The ids of all parts, each at most MOST_COUNTED, as one query."""
    compiled = [rows.order_by().values("pk")[:MOST_COUNTED].query.sql_with_params() for rows in parts]
    return " UNION ".join(f"({sql})" for sql, _ in compiled), [value for _, values in compiled for value in values]
