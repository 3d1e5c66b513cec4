"""Out of the lists of open cases until a time, or until the customer writes."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.cases.models.choices import EventKind
from caseway.cases.models.verbs.changing import Changing

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.cases.models import Case, Event

LONGEST = datetime.timedelta(days=5 * 366)


class Snoozing(Changing):
    def snooze(
        self, until: datetime.datetime | None, *, by: Employee | None, expected_version: int = 0
    ) -> Event | None:
        """Until a time, or with None until a reply. A reply wakes it in any case.

        ValueError for a time that has passed, and for a closed case.
        """
        case = cast("Case", self)
        if case.is_closed:
            raise ValueError(
                _("%(label)s is closed and in no open list. Reopen it to snooze it.") % {"label": case.label}
            )
        if until is not None and until <= timezone.now():
            raise ValueError(_("This time has passed. Choose a later one."))
        if until is not None and until > timezone.now() + LONGEST:
            raise ValueError(_("This is more than five years away. Choose an earlier time."))
        if case.is_snoozed and case.snoozed_until == until:
            return None
        data = {"until": until.isoformat() if until else "", "before": self.snooze_data()}
        fields = {"is_snoozed": True, "snoozed_until": until, "snoozed_by": by}
        return self._change(EventKind.SNOOZED, data, by, expected_version, **fields)

    def wake(self, *, by: Employee | None, why: str = "", expected_version: int = 0) -> Event | None:
        """Back into its lists. `why`: 'time', 'reply' or 'employee'."""
        case = cast("Case", self)
        if not case.is_snoozed:
            return None
        data = {"by": why or ("employee" if by else "time"), "before": self.snooze_data()}
        fields = {"is_snoozed": False, "snoozed_until": None, "snoozed_by": None}
        return self._change(EventKind.WOKEN, data, by, expected_version, **fields)

    def snooze_data(self) -> dict[str, Any] | None:
        """How it is snoozed now, to be put back; None when it is not."""
        case = cast("Case", self)
        if not case.is_snoozed:
            return None
        until = case.snoozed_until.isoformat() if case.snoozed_until else ""
        return {"until": until, "employee": case.snoozed_by_id}
