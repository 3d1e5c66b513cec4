"""What an employee has not read: mail that came after the employee last looked, and what was marked so by hand."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from caseway.accounts.models import Employee
from caseway.cases.models import Case, Seen
from caseway.cases.models.case import CaseQuerySet

NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
"""`Seen.seen_at` of a case that was marked as unread by hand."""


def is_unread(employee: Employee) -> Q:
    """The condition on cases: unread for this employee.

    Asked of each case by itself: of two EXISTS, PostgreSQL would read all that the employee has ever seen first.
    """
    return Q(_is_unread(employee))


def with_unread(rows: CaseQuerySet, employee: Employee) -> CaseQuerySet:
    """Each row says `is_unread` for this employee."""
    return rows.annotate(is_unread=_is_unread(employee))


def _is_unread(employee: Employee) -> Coalesce:
    came = Coalesce(OuterRef("received_at"), OuterRef("created_at"))
    is_later = ExpressionWrapper(Q(seen_at__lt=came), output_field=BooleanField())
    mine = Seen.objects.filter(case=OuterRef("pk"), employee=employee).annotate(is_later=is_later).values("is_later")
    has_mail = ExpressionWrapper(Q(received_at__isnull=False), output_field=BooleanField())
    return Coalesce(Subquery(mine[:1]), has_mail, output_field=BooleanField())


def mark_read(employee: Employee, cases: Iterable[Case]) -> None:
    _mark(employee, cases, timezone.now())


def mark_unread(employee: Employee, cases: Iterable[Case]) -> None:
    _mark(employee, cases, NEVER)


def _mark(employee: Employee, cases: Iterable[Case], moment: datetime.datetime) -> None:
    rows = [
        Seen(organisation_id=employee.organisation_id, case=case, employee=employee, seen_at=moment) for case in cases
    ]
    Seen.objects.bulk_create(rows, update_conflicts=True, unique_fields=["employee", "case"], update_fields=["seen_at"])
