"""The operators of a search: each turns what stands behind its colon into filters of the lists, or into a note."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_

from django.db.models import Model, Q, Value
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
NOT_NAMES = frozenset(["me", "nobody", "none", "unassigned"])
"""Whom a case may be assigned to, but for names."""
_AGO = re.compile(r"(\d{1,4})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_EUROPEAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")

Shown = tuple[str, str] | None


class Reading:
    """What the operators of one search come to. `wanted` are (operator, value) of the whole search."""

    def __init__(self, employee: Employee | None, wanted: Sequence[tuple[str, str]] = ()) -> None:
        self.employee = employee
        self.filters: Filters = {}
        self.excluded: Filters = {}
        self.within = ""
        self.notes: list[str] = []
        self.names = _names(employee, wanted) if employee else []

    def named(self, kind: str, value: str) -> list[tuple[str, str]]:
        """(id, name) of what is called so; of people and teams also part of the name will do."""
        value = value.lower()
        found = [(str(pk), name) for of, pk, name in self.names if of == kind]
        exact = [(pk, name) for pk, name in found if name.lower() == value]
        return exact or [(pk, name) for pk, name in found if kind in {"assignee", "team"} and value in name.lower()]

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
        meant = value.lower()
        wanted = [one for one in choices if meant in {one.value, str(one.label).lower(), _(str(one.label)).lower()}]
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
    if value.lower() in NOT_NAMES:
        key = "me" if value.lower() == "me" else "nobody"
        reading.keep("assignee", key, minus)
        return _("Assigned to"), ("−" if minus else "") + (_("me") if key == "me" else _("nobody"))
    unknown = _("No colleague is called “%(value)s”.") % {"value": value}
    return _one_of(reading, "assignee", _("Assigned to"), value, minus, unknown)


def _team(reading: Reading, value: str, minus: bool) -> Shown:
    unknown = _("No team is called “%(value)s”.") % {"value": value}
    return _one_of(reading, "team", _("Team"), value, minus, unknown)


def _one_of(reading: Reading, key: str, label: str, value: str, minus: bool, unknown: str) -> Shown:
    found = reading.named(key, value)
    for pk, _name in found:
        reading.keep(key, pk, minus)
    if not found:
        reading.note(unknown)
        reading.keep(key, "0", minus)
        return label, value
    return label, ("−" if minus else "") + ", ".join(name for _pk, name in found[:3])


def _named(key: str, label: str) -> Callable[[Reading, str, bool], Shown]:
    def operator(reading: Reading, value: str, minus: bool) -> Shown:
        names = [value, *(name for _pk, name in reading.named(key, value))]
        for name in names:
            reading.keep(key, name, minus)
        return _(label), ("−" if minus else "") + names[-1]

    return operator


def _names(employee: Employee, wanted: Sequence[tuple[str, str]]) -> list[tuple[str, int, str]]:
    """(operator, id, name) of everything in the organisation that may be meant, in one query."""
    parts = []
    for kind, (model, how) in _MODELS.items():
        values = [value for operator, value in wanted if operator == kind]
        if kind == "assignee":
            values = [value for value in values if value.lower() not in NOT_NAMES]
        if values:
            fits = reduce(or_, (Q(**{f"name__{how}": value}) for value in values))
            rows = model._default_manager.filter(fits, organisation_id=employee.organisation_id)
            parts.append(rows.annotate(of=Value(kind)).values_list("of", "pk", "name").order_by("pk")[:20])
    if not parts:
        return []
    return list(parts[0].union(*parts[1:], all=True)) if len(parts) > 1 else list(parts[0])


_MODELS: dict[str, tuple[type[Model], str]] = {
    "assignee": (Employee, "icontains"),
    "team": (Team, "icontains"),
    "tag": (Tag, "iexact"),
    "type": (CaseType, "iexact"),
}


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
    "tag": _named("tag", gettext_noop("Tag")),
    "type": _named("type", gettext_noop("Type")),
    "has": _has,
    "is": _is,
    "in": _in,
    "before": _date("created_before", gettext_noop("Before")),
    "after": _date("created_after", gettext_noop("After")),
}
"""Operators that become filters; each answers (label, value) for its chip, or None when it was not understood."""
