"""Who wants to know what happens in a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.db import transaction
from django.utils.translation import gettext as _

from caseway.cases.models.choices import EventKind
from caseway.cases.models.verbs.changing import Changing, check_may_write

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.cases.models import Case, Event


class Following(Changing):
    """Following is no change of the case: its version and its place in the lists stay, and light agents may."""

    def follow(self, employee: Employee, *, by: Employee | None) -> Event | None:
        from caseway.cases.models import Follower

        case = cast("Case", self)
        self._check(employee, by)
        if employee.organisation_id != case.organisation_id or not employee.is_active:
            raise ValueError(
                _("%(name)s cannot follow this case. Choose somebody who works here.") % {"name": employee.name}
            )
        with transaction.atomic():
            _row, is_new = Follower.objects.get_or_create(
                case=case, employee=employee, defaults={"organisation_id": case.organisation_id}
            )
            return self._told(EventKind.FOLLOWED, employee, by) if is_new else None

    def unfollow(self, employee: Employee, *, by: Employee | None) -> Event | None:
        case = cast("Case", self)
        self._check(employee, by)
        with transaction.atomic():
            gone, _kinds = case.followers.filter(employee=employee).delete()
            return self._told(EventKind.UNFOLLOWED, employee, by) if gone else None

    def _check(self, employee: Employee, by: Employee | None) -> None:
        if by is None or by.pk != employee.pk:
            check_may_write(by)

    def _told(self, kind: EventKind, employee: Employee, by: Employee | None) -> Event:
        is_self = by is not None and by.pk == employee.pk
        event = self.record(kind, {"employee": employee.name, "id": employee.pk, "is_self": is_self}, by=by)
        self.tell_changed()
        return event
