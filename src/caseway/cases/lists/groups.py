"""Headings in a list: under which one each case stands."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from caseway.cases.lists.order import Sort
from caseway.cases.lists.pages import Page
from caseway.cases.models import Case

GROUPINGS: dict[str, str] = {
    "status": gettext_noop("Status"),
    "priority": gettext_noop("Priority"),
    "assignee": gettext_noop("Assignee"),
    "team": gettext_noop("Team"),
    "customer": gettext_noop("Customer"),
    "day": gettext_noop("Day"),
}
"""Slug and title of what a list can be grouped by."""

_NOTHING = object()


@dataclass(slots=True)
class Group:
    """Rows under one heading: '' when it stands on the page before. `count` is None where more may follow."""

    heading: str
    rows: list[Case] = field(default_factory=list)
    count: int | None = None


def groups(page: Page, grouping: str, sort: Sort, *, before: Case | None = None) -> list[Group]:
    """The rows of a page under their headings. `before` is the last row of the page before this one."""
    if grouping not in GROUPINGS:
        return [Group("", page.rows)]
    found: list[Group] = []
    last = _mark(before, grouping, sort) if before is not None else _NOTHING
    for row in page.rows:
        mark = _mark(row, grouping, sort)
        if mark != last:
            found.append(Group(_heading(row, grouping, sort)))
        elif not found:
            found.append(Group(""))
        found[-1].rows.append(row)
        last = mark
    for group in found if not page.next else found[:-1]:
        group.count = len(group.rows) if group.heading else None
    return found


def _mark(row: Case, grouping: str, sort: Sort) -> object:
    """What rows of one group share."""
    marks = {
        "status": row.status,
        "priority": row.priority,
        "assignee": row.assigned_employee_id,
        "team": row.assigned_team_id,
        "customer": row.customer_id,
    }
    return marks[grouping] if grouping in marks else _day(row, sort)


def _heading(row: Case, grouping: str, sort: Sort) -> str:
    if grouping == "status":
        return _(str(row.get_status_display()))
    if grouping == "priority":
        return _(str(row.get_priority_display()))
    if grouping == "assignee":
        return row.assigned_employee.name if row.assigned_employee else _("No employee")
    if grouping == "team":
        return row.assigned_team.name if row.assigned_team else _("No team")
    if grouping == "customer":
        return row.customer.name if row.customer else _("No customer")
    return _day_heading(_day(row, sort))


def _day(row: Case, sort: Sort) -> datetime.date | None:
    if sort.slug == "need-by":
        return row.need_by
    moments = {"newest": row.created_at, "waiting": row.received_at or row.created_at}
    return timezone.localtime(moments.get(sort.slug, row.modified_at)).date()


def _day_heading(day: datetime.date | None) -> str:
    if day is None:
        return _("No date")
    away = (day - timezone.localdate()).days
    near = {0: _("Today"), -1: _("Yesterday"), 1: _("Tomorrow")}
    if away in near:
        return near[away]
    if -7 < away < 7:
        return formats.date_format(day, "l")
    return formats.date_format(day, "l, j F" if day.year == timezone.localdate().year else "l, j F Y")
