"""The operators of a search: each turns what stands behind its colon into filters of the lists, or into a note."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from caseway.accounts.models import Employee, Team
from caseway.cases.lists.filters import Filters
from caseway.cases.models import CaseType, Priority, Status, Tag

WEIGHTS = {
    "from": (gettext_noop("From"), "B"),
    "to": (gettext_noop("To"), "C"),
    "cc": (gettext_noop("To"), "C"),
    "subject": (gettext_noop("Subject"), "A"),
}
"""Operators that look for words in one place: their name and the weight of that place's words."""

MOST_NOTES = 5
_AGO = re.compile(r"(\d{1,4})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_EUROPEAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")

Shown = tuple[str, str] | None


class Reading:
    """What the operators of one search come to."""

    def __init__(self, employee: Employee | None) -> None:
        self.employee = employee
        self.filters: Filters = {}
        self.excluded: Filters = {}
        self.within = ""
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < MOST_NOTES:
            self.notes.append(text)

    def keep(self, key: str, value: str, minus: bool) -> None:
        values = (self.excluded if minus else self.filters).setdefault(key, [])
        if value not in values:
            values.append(value)

    def only(self, key: str, values: list[str]) -> None:
        """These of a fixed set of values, and of what an earlier operator left of it."""
        before = self.filters.get(key)
        self.filters[key] = values if before is None else [value for value in before if value in values] or values


def _choice(key: str, label: str, choices: type[Status] | type[Priority]) -> Callable[[Reading, str, bool], Shown]:
    def operator(reading: Reading, value: str, minus: bool) -> Shown:
        wanted = [one for one in choices if value.lower() in {one.value, str(one.label).lower(), _(str(one.label)).lower()}]
        if not wanted:
            names = ", ".join(choices.values)
            reading.note(_("“%(value)s” is none of %(names)s, and was left out.") % {"value": value, "names": names})
            return None
        if minus:
            reading.only(key, [one.value for one in choices if one not in wanted])
        elif key in reading.filters:
            reading.keep(key, wanted[0].value, False)
        else:
            reading.filters[key] = [wanted[0].value]
        return _(label), ("−" if minus else "") + _(str(wanted[0].label))

    return operator


def _assignee(reading: Reading, value: str, minus: bool) -> Shown:
    if value.lower() in {"me", "nobody", "none", "unassigned"}:
        key = "me" if value.lower() == "me" else "nobody"
        reading.keep("assignee", key, minus)
        return _("Assigned to"), ("−" if minus else "") + (_("me") if key == "me" else _("nobody"))
    if reading.employee is None:
        return None
    people = Employee.objects.filter(organisation_id=reading.employee.organisation_id)
    found = list(people.filter(Q(name__icontains=value) | Q(email__istartswith=value)).order_by("name")[:20])
    exact = [person for person in found if person.name.lower() == value.lower()]
    for person in exact or found:
        reading.keep("assignee", str(person.pk), minus)
    if not found:
        reading.note(_("No colleague is called “%(value)s”.") % {"value": value})
        reading.keep("assignee", "0", minus)
        return _("Assigned to"), value
    return _("Assigned to"), ("−" if minus else "") + ", ".join(person.name for person in (exact or found)[:3])


def _team(reading: Reading, value: str, minus: bool) -> Shown:
    if reading.employee is None:
        return None
    teams = Team.objects.filter(organisation_id=reading.employee.organisation_id, name__icontains=value)
    found = list(teams.order_by("name")[:20])
    for team in found:
        reading.keep("team", str(team.pk), minus)
    if not found:
        reading.note(_("No team is called “%(value)s”.") % {"value": value})
        reading.keep("team", "0", minus)
        return _("Team"), value
    return _("Team"), ("−" if minus else "") + ", ".join(team.name for team in found[:3])


def _named(key: str, label: str, model: type[Tag] | type[CaseType]) -> Callable[[Reading, str, bool], Shown]:
    def operator(reading: Reading, value: str, minus: bool) -> Shown:
        names = [value]
        if reading.employee is not None:
            rows = model._default_manager.filter(organisation_id=reading.employee.organisation_id, name__iexact=value)
            names = list(dict.fromkeys([value, *rows.values_list("name", flat=True)]))
        for name in names:
            reading.keep(key, name, minus)
        return _(label), ("−" if minus else "") + names[-1]

    return operator


def _has(reading: Reading, value: str, minus: bool) -> Shown:
    if value.lower() not in {"attachment", "attachments", "file", "files"}:
        reading.note(_("“has:” knows “attachment” only. “%(value)s” was left out.") % {"value": value})
        return None
    reading.keep("has", "attachment", minus)
    return _("Has"), ("−" if minus else "") + _("attachment")


def _is(reading: Reading, value: str, minus: bool) -> Shown:
    value = value.lower()
    if value == "unread":
        reading.keep("unread", "me", minus)
        return _("Is"), ("−" if minus else "") + _("unread")
    if value == "snoozed" and not minus:
        reading.within = "snoozed"
        return _("Is"), _("snoozed")
    if value in Status.values:
        return _status(reading, value, minus)
    reading.note(_("“is:” knows “unread”, “snoozed” and the statuses. “%(value)s” was left out.") % {"value": value})
    return None


def _in(reading: Reading, value: str, minus: bool) -> Shown:
    value = value.lower()
    if value == "trash" and not minus:
        reading.within = "trash"
        return _("In"), _("Trash")
    if value in {"snoozed", *Status.values}:
        return _is(reading, value, minus)
    reading.note(_("“in:” knows “trash” and “closed”. “%(value)s” was left out.") % {"value": value})
    return None


def _date(key: str, label: str) -> Callable[[Reading, str, bool], Shown]:
    def operator(reading: Reading, value: str, minus: bool) -> Shown:
        day = read_day(value)
        if day is None or minus:
            reading.note(
                _("“%(value)s” is not a date. Write it like 2026-11-25, 2026-11, yesterday or 7d.") % {"value": value}
            )
            return None
        reading.filters[key] = [day.isoformat()]
        return _(label), formats.date_format(day, "j M Y")

    return operator


def read_day(value: str) -> datetime.date | None:
    """'2026-11-25', '25.11.2026', '2026-11', '2026', 'today', 'yesterday', '7d', '2w', '3m', '1y'; else None."""
    today = timezone.localdate()
    value = value.lower()
    if value in {"today", "yesterday"}:
        return today - datetime.timedelta(days=value == "yesterday")
    try:
        if ago := _AGO.fullmatch(value):
            return today - datetime.timedelta(days=int(ago[1]) * _DAYS[ago[2]])
        if found := _EUROPEAN.fullmatch(value):
            return _sane(datetime.date(int(found[3]), int(found[2]), int(found[1])))
        if found := _MONTH.fullmatch(value):
            return _sane(datetime.date(int(found[1]), int(found[2]), 1))
        if value.isdecimal() and len(value) == 4:
            return _sane(datetime.date(int(value), 1, 1))
        return _sane(datetime.date.fromisoformat(value))
    except (ValueError, OverflowError):
        return None


def _sane(day: datetime.date) -> datetime.date | None:
    return day if 1900 <= day.year < 9999 else None


_status = _choice("status", gettext_noop("Status"), Status)

OPERATORS: dict[str, Callable[[Reading, str, bool], Shown]] = {
    "status": _status,
    "priority": _choice("priority", gettext_noop("Priority"), Priority),
    "assignee": _assignee,
    "team": _team,
    "tag": _named("tag", gettext_noop("Tag"), Tag),
    "type": _named("type", gettext_noop("Type"), CaseType),
    "has": _has,
    "is": _is,
    "in": _in,
    "before": _date("created_before", gettext_noop("Before")),
    "after": _date("created_after", gettext_noop("After")),
}
"""Operators that become filters; each answers (label, value) for its chip, or None when it was not understood."""
