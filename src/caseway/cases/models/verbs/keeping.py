"""Into the trash and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils import timezone

from caseway.cases.models.choices import EventKind
from caseway.cases.models.verbs.changing import Changing

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.cases.models import Case, Event


class Keeping(Changing):
    def trash(self, *, by: Employee, expected_version: int = 0) -> Event | None:
        """Out of every list, until restored. Its mail stays in the ledger, so nothing makes it anew."""
        case = cast("Case", self)
        if case.deleted_at is not None:
            return None
        return self._change(EventKind.DELETED, {}, by, expected_version, deleted_at=timezone.now())

    def restore(self, *, by: Employee, expected_version: int = 0) -> Event | None:
        case = cast("Case", self)
        if case.deleted_at is None:
            return None
        return self._change(EventKind.RESTORED, {}, by, expected_version, deleted_at=None)
