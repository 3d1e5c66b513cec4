"""Who has a case open, and who is answering it. Rows are heartbeats; nobody has to say good-bye."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.models import Employee
from caseway.cases.models import Case, Viewing

BEAT = timedelta(seconds=10)
"""How often an open page says that it is open."""
GONE = timedelta(seconds=25)
"""Without a beat for so long, its person is not there."""
TYPING = timedelta(seconds=30)
"""'Is replying' needs a keystroke within this."""
FORGOTTEN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Present:
    """An employee at a case, over all their open pages of it."""

    employee: Employee
    is_replying: bool
    until: datetime
    """When this stops to be so unless something is heard."""


def beat(case: Case, employee: Employee, tab: str, *, typed: timedelta | None = None) -> bool:
    """The page `tab` is open; `typed`: how long ago the last key was pressed in an answer. True when that is news."""
    now = timezone.now()
    row = Viewing.objects.filter(case=case, employee=employee, tab=tab).first()
    was_there = row is not None and row.seen_at >= now - GONE
    was_replying = row is not None and _is_replying(row.typed_at, row.seen_at)
    values: dict[str, Any] = {"organisation_id": case.organisation_id, "seen_at": now}
    if typed is not None and timedelta(0) <= typed < TYPING:
        values["typed_at"] = now - typed
    row, _ = Viewing.objects.update_or_create(case=case, employee=employee, tab=tab, defaults=values)
    if not was_there:
        Viewing.objects.filter(case=case, seen_at__lt=now - FORGOTTEN).delete()
    is_news = not was_there or was_replying != _is_replying(row.typed_at, now)
    if is_news:
        _tell(case)
    return is_news


def stop_typing(case: Case, employee: Employee) -> None:
    """The answer was sent or thrown away."""
    if Viewing.objects.filter(case=case, employee=employee).exclude(typed_at=None).update(typed_at=None):
        _tell(case)


def leave(case: Case, employee: Employee, tab: str) -> None:
    """The page was closed."""
    if Viewing.objects.filter(case=case, employee=employee, tab=tab).delete()[0]:
        _tell(case)


def at(cases: Iterable[int], *, but: Employee | None = None) -> dict[int, list[Present]]:
    """Case ids → who is there, those who answer first. One query."""
    now = timezone.now()
    rows = Viewing.objects.filter(case__in=list(cases), seen_at__gte=now - GONE).select_related("employee")
    if but is not None:
        rows = rows.exclude(employee=but)
    found: dict[int, dict[int, Present]] = {}
    for row in rows.order_by("pk"):
        is_replying = _is_replying(row.typed_at, now)
        ends = row.seen_at + GONE
        until = min(ends, row.typed_at + TYPING) if is_replying and row.typed_at else ends
        people = found.setdefault(row.case_id, {})
        known = people.get(row.employee_id)
        if known is None or (is_replying and not known.is_replying):
            people[row.employee_id] = Present(row.employee, is_replying, until)
    return {
        case: sorted(people.values(), key=lambda one: (not one.is_replying, one.employee.name))
        for case, people in found.items()
    }


def _is_replying(typed_at: datetime | None, when: datetime) -> bool:
    return typed_at is not None and typed_at > when - TYPING


def _tell(case: Case) -> None:
    tell(case.organisation_id, "presence", id=case.pk, number=case.number)
