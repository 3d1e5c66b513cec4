"""What can be done to a case: each verb is one change, one event, one message to open pages."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.together import add
from caseway.cases.errors import NotAllowedError, StaleCaseError
from caseway.cases.models.choices import EventKind, Priority, Status
from caseway.cases.models.notes import NoteVerbs
from caseway.mail.address import address_key

if TYPE_CHECKING:
    from caseway.accounts.models import Employee, Team
    from caseway.cases.models import Case, Event, Message

PREVIEW_LENGTH = 200
MOST_TAGS = 50


class CaseVerbs(NoteVerbs):
    """The verbs of `Case`.

    `by` is the employee, or None for Caseway itself. `expected_version` is the version that the person saw: a
    StaleCaseError says that it is no longer that. A NotAllowedError says that the employee's role reads only.
    """

    def assign(
        self, employee: Employee | None, team: Team | None = None, *, by: Employee | None, expected_version: int = 0
    ) -> None:
        """To an employee or a team, or with neither to nobody."""
        if employee is not None and not employee.is_active:
            raise ValueError(f"{employee.name} is not active any more. Choose somebody else.")
        data = {"employee": employee.name if employee else "", "team": team.name if team else ""}
        fields = {"assigned_employee": employee, "assigned_team": team}
        self._change(EventKind.ASSIGNED, data, by, expected_version, **fields)

    def set_status(self, status: str, *, by: Employee | None, expected_version: int = 0) -> None:
        """To any status; nothing happens when it has it already."""
        case = cast("Case", self)
        after = Status(status)
        if case.status == after:
            return
        closed_at = timezone.now() if after == Status.CLOSED else None
        data = {"before": case.status, "after": after.value}
        self._change(EventKind.STATUS, data, by, expected_version, status=after.value, closed_at=closed_at)

    def close(self, *, by: Employee | None, expected_version: int = 0) -> None:
        self.set_status(Status.CLOSED, by=by, expected_version=expected_version)

    def reopen(self, *, by: Employee | None, expected_version: int = 0) -> None:
        self.set_status(Status.OPEN, by=by, expected_version=expected_version)

    def set_priority(self, priority: str, *, by: Employee | None, expected_version: int = 0) -> None:
        case = cast("Case", self)
        after = Priority(priority).value
        if case.priority != after:
            data = {"before": case.priority, "after": after}
            self._change(EventKind.PRIORITY, data, by, expected_version, priority=after)

    def set_type(self, type: str, *, by: Employee | None, expected_version: int = 0) -> None:
        case = cast("Case", self)
        after = type.strip()[:60]
        if case.type != after:
            self._change(EventKind.TYPE, {"before": case.type, "after": after}, by, expected_version, type=after)

    def set_tags(self, tags: Iterable[str], *, by: Employee | None, expected_version: int = 0) -> None:
        """Exactly these; white space trimmed, doubles dropped."""
        case = cast("Case", self)
        after = list(dict.fromkeys(tag.strip()[:60] for tag in tags if tag.strip()))[:MOST_TAGS]
        if case.tags != after:
            self._change(EventKind.TAGS, {"before": case.tags, "after": after}, by, expected_version, tags=after)

    def set_need_by(self, day: datetime.date | None, *, by: Employee | None, expected_version: int = 0) -> None:
        case = cast("Case", self)
        if case.need_by != day:
            data = {"before": str(case.need_by or ""), "after": str(day or "")}
            self._change(EventKind.NEED_BY, data, by, expected_version, need_by=day)

    def trash(self, *, by: Employee, expected_version: int = 0) -> None:
        """Out of every list, until restored. Its mail stays in the ledger, so nothing makes it anew."""
        self._change(EventKind.DELETED, {}, by, expected_version, deleted_at=timezone.now())

    def restore(self, *, by: Employee, expected_version: int = 0) -> None:
        self._change(EventKind.RESTORED, {}, by, expected_version, deleted_at=None)

    def verify_participant(self, email: str, *, by: Employee) -> None:
        """From now on the address is one that may be written to from this case."""
        case = cast("Case", self)
        changed = case.participants.filter(key=address_key(email), is_verified=False).update(is_verified=True)
        if changed:
            self._change(EventKind.VERIFIED, {"email": email}, by, 0)

    def timeline(self) -> list[Message | Event]:
        """Messages and events in the order of time, ready to be shown without further queries."""
        case = cast("Case", self)
        messages = case.messages.select_related("employee", "contact", "outbound", "outbound__sent_copy")
        messages = messages.prefetch_related("attachments", "inbound__remainder")
        events = case.events.select_related("employee")
        entries: list[Message | Event] = [*messages, *events]
        return sorted(entries, key=lambda entry: (entry.created_at, entry.pk))

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

    def _change(
        self, kind: EventKind, data: dict[str, Any], by: Employee | None, expected_version: int, **fields: Any
    ) -> None:
        from caseway.cases.models import Case

        case = cast("Case", self)
        if by is not None and not by.may_write:
            raise NotAllowedError(by.name)
        with transaction.atomic():
            rows = Case.objects.filter(pk=case.pk)
            if expected_version:
                rows = rows.filter(version=expected_version)
            fields |= {"modified_at": timezone.now(), "modified_by": by}
            if not rows.update(version=F("version") + 1, **fields):
                raise StaleCaseError(case.label)
            for name, value in fields.items():
                setattr(case, name, value)
            case.refresh_from_db(fields=["version"])
            self.record(kind, data, by=by)
            self.tell_changed()
