"""Two cases that belong together and stay two."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.cases.models import Case, CaseLink, Event, EventKind
from caseway.cases.models.verbs.changing import check_may_write


def link(case: Case, other: Case, *, by: Employee | None) -> Event | None:
    """None when they are linked already. ValueError for a case with itself."""
    check_may_write(by)
    if case.pk == other.pk or case.organisation_id != other.organisation_id:
        raise ValueError(_("A case is linked with another one. Choose a different number."))
    first, second = sorted((case, other), key=lambda one: one.pk)
    with transaction.atomic():
        values = {"organisation_id": case.organisation_id, "created_by": by}
        _row, is_new = CaseLink.objects.get_or_create(case=first, other=second, defaults=values)
        return _record(EventKind.LINKED, case, other, by) if is_new else None


def unlink(case: Case, other: Case, *, by: Employee | None) -> Event | None:
    """None when they were not linked."""
    check_may_write(by)
    both = Q(case=case, other=other) | Q(case=other, other=case)
    with transaction.atomic():
        gone, _kinds = CaseLink.objects.filter(both).delete()
        return _record(EventKind.UNLINKED, case, other, by) if gone else None


def _record(kind: EventKind, case: Case, other: Case, by: Employee | None) -> Event:
    for one in (case, other):
        one.write(by=by)
        one.tell_changed()
    other.record(kind, {"number": case.number}, by=by)
    return case.record(kind, {"number": other.number}, by=by)
