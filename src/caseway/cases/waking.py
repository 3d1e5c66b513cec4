"""Snoozed cases come back when their time has come: a duty of the worker."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from caseway.accounts.scope import every_organisation
from caseway.cases.models import Case, NotificationKind
from caseway.cases.notices import notify

AT_ONCE = 50


def wake_due() -> int:
    """Wake up to 50 cases whose time has come; how many there were. Any number of workers may do so at once."""
    with every_organisation(), transaction.atomic():
        due = Case.objects.filter(is_snoozed=True, deleted_at=None, snoozed_until__lte=Now())
        due = due.select_related("snoozed_by", "assigned_employee")
        rows = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("snoozed_until")[:AT_ONCE])
        for case in rows:
            people = [case.snoozed_by or case.assigned_employee]
            case.wake(by=None, why="time")
            notify(NotificationKind.WOKEN, case, people)
    return len(rows)
