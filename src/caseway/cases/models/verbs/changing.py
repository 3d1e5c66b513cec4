"""How every verb changes a case: the row, the event and the word to open pages, together or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.together import add
from caseway.cases.errors import NotAllowedError, StaleCaseError
from caseway.cases.models.choices import EventKind

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.cases.models import Case, Event, Message


def check_may_write(by: Employee | None) -> None:
    """Raises NotAllowedError for those who only read."""
    if by is not None and not by.may_write:
        raise NotAllowedError(by.name)


class Changing:
    """What the verbs are made of."""

    def record(
        self,
        kind: EventKind,
        data: dict[str, Any] | None = None,
        *,
        by: Employee | None = None,
        message: Message | None = None,
    ) -> Event:
        """One event in the history, inside the caller's transaction."""
        from caseway.cases.models import Event

        case = cast("Case", self)
        return add(
            Event(
                organisation_id=case.organisation_id,
                case=case,
                kind=kind,
                data=data or {},
                employee=by,
                message=message,
            )
        )

    def tell_changed(self, event: str = "case.changed") -> None:
        case = cast("Case", self)
        tell(case.organisation_id, event, id=case.pk, number=case.number)

    def write(self, *, by: Employee | None, expected_version: int = 0, **fields: Any) -> None:
        """Set the fields in the row and here, and make the version grow. Inside the caller's transaction.

        Raises StaleCaseError when the case is not at `expected_version` any more.
        """
        from caseway.cases.models import Case

        case = cast("Case", self)
        rows = Case.objects.filter(pk=case.pk)
        if expected_version:
            rows = rows.filter(version=expected_version)
        fields |= {"modified_at": timezone.now(), "modified_by": by}
        if not rows.update(version=F("version") + 1, **fields):
            raise StaleCaseError(case.label)
        for name, value in fields.items():
            setattr(case, name, value)
        if expected_version:
            case.version = expected_version + 1
        else:
            case.refresh_from_db(fields=["version"])

    def _change(
        self, kind: EventKind, data: dict[str, Any], by: Employee | None, expected_version: int, **fields: Any
    ) -> Event:
        check_may_write(by)
        with transaction.atomic():
            self.write(by=by, expected_version=expected_version, **fields)
            event = self.record(kind, data, by=by)
            self.tell_changed()
        return event
