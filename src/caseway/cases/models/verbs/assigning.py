"""Whose case it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.db import transaction
from django.utils.translation import gettext as _

from caseway.cases.models.choices import EventKind, NotificationKind
from caseway.cases.models.verbs.changing import Changing

if TYPE_CHECKING:
    from caseway.accounts.models import Employee, Team
    from caseway.cases.models import Case, Event


class Assigning(Changing):
    def assign(
        self, employee: Employee | None, team: Team | None = None, *, by: Employee | None, expected_version: int = 0
    ) -> Event | None:
        """To an employee or a team, or with neither to nobody. ValueError for an employee who left."""
        from caseway.cases.notices import notify, tell_followers

        case = cast("Case", self)
        if employee is not None and not employee.is_active:
            raise ValueError(_("%(name)s is not active any more. Choose somebody else.") % {"name": employee.name})
        before = {"employee": case.assigned_employee_id, "team": case.assigned_team_id}
        after = {"employee": employee.pk if employee else None, "team": team.pk if team else None}
        if before == after:
            return None
        data = {
            "employee": employee.name if employee else "",
            "team": team.name if team else "",
            "before": before,
            "after": after,
        }
        with transaction.atomic():
            event = self._change(
                EventKind.ASSIGNED, data, by, expected_version, assigned_employee=employee, assigned_team=team
            )
            notify(NotificationKind.ASSIGNED, case, [employee], actor=by)
            tell_followers(case, actor=by, but_not=[employee])
        return event
