"""Where a case stands."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from django.utils import timezone

from caseway.cases.models.choices import EventKind, Status
from caseway.cases.models.verbs.changing import Changing

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.cases.models import Case, Event


class StatusVerbs(Changing):
    def set_status(
        self,
        status: str,
        *,
        by: Employee | None,
        expected_version: int = 0,
        closed_at: datetime.datetime | None = None,
        tells_followers: bool = True,
    ) -> Event | None:
        """To any status; nothing happens when it has it already. Closing ends a snooze.

        `closed_at` is when it was closed, for a case that is closed again because its reopening was undone.
        `tells_followers`: False where they are told of the answer that sets it, once that has left.
        """
        from caseway.cases.notices import tell_followers

        case = cast("Case", self)
        after = Status(status)
        if case.status == after:
            return None
        data: dict[str, Any] = {"before": case.status, "after": after.value}
        if case.closed_at is not None:
            data["closed_at"] = case.closed_at.isoformat()
        fields: dict[str, Any] = {"status": after.value, "closed_at": None}
        if after == Status.CLOSED:
            fields["closed_at"] = closed_at or timezone.now()
            if case.is_snoozed:
                data["snooze"] = case.snooze_data()
                fields |= {"is_snoozed": False, "snoozed_until": None, "snoozed_by": None}
        with transaction.atomic():
            event = self._change(EventKind.STATUS, data, by, expected_version, **fields)
            if by is not None and tells_followers:  # what a mail changes is told with the mail
                tell_followers(case, actor=by)
        return event

    def close(self, *, by: Employee | None, expected_version: int = 0) -> Event | None:
        """Done. A reply within the organisation's `reopen_days` opens it again, a later one makes a linked case."""
        return self.set_status(Status.CLOSED, by=by, expected_version=expected_version)

    def reopen(self, *, by: Employee | None, expected_version: int = 0) -> Event | None:
        return self.set_status(Status.OPEN, by=by, expected_version=expected_version)

    def reopens_until(self) -> datetime.datetime | None:
        """Until when a reply opens the closed case again; None while it is not closed."""
        case = cast("Case", self)
        if not case.is_closed or case.closed_at is None:
            return None
        return case.closed_at + datetime.timedelta(days=case.organisation.reopen_days)
