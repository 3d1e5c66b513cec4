"""Taking back what was done to cases: the event of a verb says how it was before."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee, Team
from caseway.cases.errors import StaleCaseError
from caseway.cases.merging import freshened, lock
from caseway.cases.models import Case, CustomField, Event, EventKind, Message
from caseway.cases.models.verbs.changing import check_may_write
from caseway.cases.moving import move_back
from caseway.contacts.models import Contact

Undoer = Callable[[Event, Case, Employee], Event | None]


def undo(events: Sequence[Event], *, by: Employee) -> list[Event]:
    """Take the events back, the latest first, all of them or none; the events of doing so.

    Raises StaleCaseError where somebody changed the same thing since, ValueError for what cannot be taken back,
    NotAllowedError for a light agent. Taking back what is back already does nothing.
    """
    done: list[Event] = []
    with transaction.atomic():
        for event in sorted(events, key=lambda one: one.pk, reverse=True):
            undoer = UNDOERS.get(event.kind)
            if undoer is None:
                raise ValueError(_("This cannot be taken back."))
            rows = Case.objects.select_for_update(of=("self",)).select_related("organisation", "merged_into", "contact")
            case = rows.get(pk=event.case_id, organisation_id=by.organisation_id)
            taken_back = undoer(event, case, by)
            done += [taken_back] if taken_back is not None else []
    return done


def _still(case: Case, now: Any, after: Any) -> None:
    """Only what is still as the event left it is put back."""
    if now != after:
        raise StaleCaseError(case.label)


def _assigned(event: Event, case: Case, by: Employee) -> Event | None:
    before, after = event.data.get("before"), event.data.get("after")
    if before is None or after is None:
        raise ValueError(_("This assignment is too old to be taken back."))
    _still(case, {"employee": case.assigned_employee_id, "team": case.assigned_team_id}, after)
    employee = Employee.objects.filter(pk=before["employee"] or 0, organisation_id=case.organisation_id).first()
    team = Team.objects.filter(pk=before["team"] or 0, organisation_id=case.organisation_id).first()
    return case.assign(employee, team, by=by)


def _status(event: Event, case: Case, by: Employee) -> Event | None:
    _still(case, case.status, event.data["after"])
    taken_back = case.set_status(event.data["before"], by=by, closed_at=_time(event.data.get("closed_at")))
    if snooze := event.data.get("snooze"):
        _snooze_again(case, snooze)
    return taken_back


def _priority(event: Event, case: Case, by: Employee) -> Event | None:
    _still(case, case.priority, event.data["after"])
    return case.set_priority(event.data["before"], by=by)


def _type(event: Event, case: Case, by: Employee) -> Event | None:
    _still(case, case.type, event.data["after"])
    return case.set_type(event.data["before"], by=by)


def _tags(event: Event, case: Case, by: Employee) -> Event | None:
    """Only the tags that this event added or took: others that came since stay."""
    before, after = list(event.data["before"]), list(event.data["after"])
    added = [tag for tag in after if tag not in before]
    removed = [tag for tag in before if tag not in after]
    if any(tag not in case.tags for tag in added) or any(tag in case.tags for tag in removed):
        raise StaleCaseError(case.label)
    kept = [tag for tag in case.tags if tag not in added]
    return case.set_tags(before if set(kept) | set(removed) == set(before) else [*kept, *removed], by=by)


def _need_by(event: Event, case: Case, by: Employee) -> Event | None:
    _still(case, str(case.need_by or ""), event.data["after"])
    before = event.data["before"]
    return case.set_need_by(datetime.date.fromisoformat(before) if before else None, by=by)


def _field(event: Event, case: Case, by: Employee) -> Event | None:
    field = CustomField.objects.filter(organisation_id=case.organisation_id, key=event.data.get("key")).first()
    if field is None:
        raise ValueError(_("The field “%(field)s” does not exist any more.") % {"field": event.data.get("field")})
    before, after = event.data["values"]
    _still(case, case.custom.get(field.key), after)
    return case.set_custom(field, before, by=by)


def _contact(event: Event, case: Case, by: Employee) -> Event | None:
    before, after = event.data["ids"]
    _still(case, case.contact_id, after)
    contact = Contact.objects.filter(pk=before or 0, organisation_id=case.organisation_id).first()
    taken_back = case.set_contact(contact, by=by)
    if taken_back is not None:
        case.write(by=by, email=event.data["email"])
    return taken_back


def _deleted(event: Event, case: Case, by: Employee) -> Event | None:
    return case.restore(by=by)


def _restored(event: Event, case: Case, by: Employee) -> Event | None:
    return case.trash(by=by)


def _snoozed(event: Event, case: Case, by: Employee) -> Event | None:
    if not case.is_snoozed:
        return None
    _still(case, case.snoozed_until, _time(event.data["until"]))
    before = event.data.get("before")
    taken_back = case.wake(by=by)
    if before:
        _snooze_again(case, before)
    return taken_back


def _woken(event: Event, case: Case, by: Employee) -> Event | None:
    before = event.data.get("before")
    until = _time(before["until"]) if before else None
    if before is None or (until is not None and until <= timezone.now()):
        raise ValueError(_("The time that it was snoozed until has passed. Snooze it anew."))
    _still(case, case.is_snoozed, False)
    return case.snooze(until, by=by)


def _snooze_again(case: Case, snooze: dict[str, Any]) -> None:
    """As it was, without an event of its own: it goes with the one that is recorded."""
    case.is_snoozed, case.snoozed_until, case.snoozed_by_id = True, _time(snooze["until"]), snooze["employee"]
    case.save(update_fields=["is_snoozed", "snoozed_until", "snoozed_by"])


def _merged(event: Event, case: Case, by: Employee) -> Event | None:
    if "into" in event.data:
        if case.merged_into is None:
            return None
        _still(case, case.merged_into.number, event.data["into"])
        return case.unmerge(by=by)
    source = _numbered(case, event.data["number"])
    if source.merged_into_id is None:
        return None
    _still(case, source.merged_into_id, case.pk)
    return source.unmerge(by=by)


def _unmerged(event: Event, case: Case, by: Employee) -> Event | None:
    """The event of the case that came out, which is the one that the verb returns."""
    return case.merge(_numbered(case, event.data["number"]), by=by)


def _split(event: Event, case: Case, by: Employee) -> Event | None:
    """The message returns; the new case, which held nothing else, goes to the trash and its number leads back."""
    if "number" not in event.data:
        raise ValueError(_("Take this back in the case that the message came from."))
    case, new = lock(case, _numbered(case, event.data["number"]))
    others = new.messages.exclude(pk=event.message_id or 0)
    if event.message is None or new.merged_into_id is not None or others.exists():
        raise StaleCaseError(new.label)
    recorded = _returned(case, event.message, new, by)
    new.write(by=by, deleted_at=timezone.now(), merged_into=case)
    new.record(EventKind.DELETED, {}, by=by)
    return recorded


def _moved(event: Event, case: Case, by: Employee) -> Event | None:
    if "to" not in event.data:
        raise ValueError(_("Take this back in the case that the message came from."))
    if event.message is None:
        raise StaleCaseError(case.label)
    case, there = lock(case, _numbered(case, event.data["to"]))
    recorded = _returned(case, event.message, there, by)
    there.write(by=by, **freshened(there))
    there.record(EventKind.MOVED, {"to": case.number}, by=by, message=event.message)
    return recorded


def _returned(case: Case, message: Message, there: Case, by: Employee) -> Event:
    check_may_write(by)
    if not move_back(case, message, there):
        raise StaleCaseError(case.label)
    case.write(by=by, **freshened(case))
    for one in (case, there):
        one.tell_changed()
    return case.record(EventKind.MOVED, {"from": there.number}, by=by, message=message)


def _linked(event: Event, case: Case, by: Employee) -> Event | None:
    return case.unlink(_numbered(case, event.data["number"]), by=by)


def _unlinked(event: Event, case: Case, by: Employee) -> Event | None:
    return case.link(_numbered(case, event.data["number"]), by=by)


def _followed(event: Event, case: Case, by: Employee) -> Event | None:
    return case.unfollow(_employee(event, case), by=by)


def _unfollowed(event: Event, case: Case, by: Employee) -> Event | None:
    return case.follow(_employee(event, case), by=by)


def _employee(event: Event, case: Case) -> Employee:
    found = Employee.objects.filter(organisation_id=case.organisation_id, pk=event.data.get("id")).first()
    if found is None:
        raise StaleCaseError(case.label)
    return found


def _numbered(case: Case, number: int) -> Case:
    rows = Case.objects.select_related("organisation", "merged_into")
    return rows.get(organisation_id=case.organisation_id, number=number)


def _time(text: str | None) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(text) if text else None


UNDOERS: dict[str, Undoer] = {
    EventKind.ASSIGNED: _assigned,
    EventKind.STATUS: _status,
    EventKind.PRIORITY: _priority,
    EventKind.TYPE: _type,
    EventKind.TAGS: _tags,
    EventKind.NEED_BY: _need_by,
    EventKind.FIELD: _field,
    EventKind.CONTACT: _contact,
    EventKind.DELETED: _deleted,
    EventKind.RESTORED: _restored,
    EventKind.SNOOZED: _snoozed,
    EventKind.WOKEN: _woken,
    EventKind.MERGED: _merged,
    EventKind.UNMERGED: _unmerged,
    EventKind.SPLIT: _split,
    EventKind.MOVED: _moved,
    EventKind.LINKED: _linked,
    EventKind.UNLINKED: _unlinked,
    EventKind.FOLLOWED: _followed,
    EventKind.UNFOLLOWED: _unfollowed,
}
