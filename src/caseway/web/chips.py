"""Filters as people read them: their titles, and the names of what they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import formats
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from caseway.accounts.models import Employee, Team
from caseway.cases.lists import filters as filtering
from caseway.cases.models import CustomField, Priority, Source, Status
from caseway.contacts.models import Contact, Customer
from caseway.mailboxes.models import SupportAddress
from caseway.web.listing import Asked
from caseway.web.offered import named

TITLES = {
    "status": gettext_noop("Status"),
    "priority": gettext_noop("Priority"),
    "type": gettext_noop("Type"),
    "assignee": gettext_noop("Assigned To"),
    "team": gettext_noop("Team"),
    "contact": gettext_noop("Contact"),
    "customer": gettext_noop("Customer"),
    "tag": gettext_noop("Tag"),
    "address": gettext_noop("Address"),
    "source": gettext_noop("Source"),
    "created_after": gettext_noop("Created from"),
    "created_before": gettext_noop("Created before"),
    "need_by": gettext_noop("Need by"),
    "has": gettext_noop("Has"),
    "unread": gettext_noop("Read"),
}
WORDS: dict[str, dict[str, Any]] = {
    "status": dict(Status.choices),
    "priority": dict(Priority.choices),
    "source": dict(Source.choices),
    "assignee": {"me": gettext_lazy("Me"), "nobody": gettext_lazy("Nobody")},
    "need_by": {
        "overdue": gettext_lazy("Overdue"),
        "today": gettext_lazy("Today"),
        "week": gettext_lazy("Within 7 days"),
    },
    "has": {"attachment": gettext_lazy("Attachment")},
    "unread": {"me": gettext_lazy("Unread by me")},
}
_NAMED: dict[str, tuple[Any, str]] = {
    "assignee": (Employee, "name"),
    "team": (Team, "name"),
    "contact": (Contact, "name"),
    "customer": (Customer, "name"),
    "address": (SupportAddress, "address"),
}
GONE = format_lazy("({})", gettext_lazy("not there any more"))


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is on: what it is, and the address of the list without it."""

    key: str
    title: str
    text: str
    url: str


def chips(asked: Asked) -> list[Chip]:
    """The filters of a list that are on, in their order. One query at most."""
    names = names_of(asked.filters, asked.employee)
    return [
        Chip(
            key,
            names.get((key, ""), "") or _(TITLES.get(key, key)),
            ", ".join(text_of(key, value, names) for value in values),
            asked.url_with(filters=filtering.without(asked.filters, key)),
        )
        for key, values in asked.filters.items()
    ]


def text_of(key: str, value: str, names: dict[tuple[str, str], str]) -> str:
    """A value in words."""
    if key in WORDS and value in WORDS[key]:
        return _(str(WORDS[key][value]))
    if key in _NAMED:
        return names.get((key, value), str(GONE))
    if key.startswith("created_"):
        return _day(value)
    if key.startswith(filtering.FIELD) and value in {"true", "false"}:
        return _("Yes") if value == "true" else _("No")
    return value


def names_of(filters: filtering.Filters, employee: Employee) -> dict[tuple[str, str], str]:
    """Names of what filters name by id, by (key, value); labels of own fields by (key, '')."""
    asked: list[QuerySet[Any, Any]] = []
    for key, (model, column) in _NAMED.items():
        if ids := [int(value) for value in filters.get(key, ()) if value.isdecimal()]:
            rows = model.objects.filter(organisation_id=employee.organisation_id, pk__in=ids)
            asked.append(named(rows, key, "pk", column))
    if keys := [key.removeprefix(filtering.FIELD) for key in filters if key.startswith(filtering.FIELD)]:
        fields = CustomField.objects.filter(organisation_id=employee.organisation_id, key__in=keys)
        asked.append(named(fields, filtering.FIELD, "key", "label"))
    if not asked:
        return {}
    found: dict[tuple[str, str], str] = {}
    for key, value, name in asked[0].union(*asked[1:], all=True):
        found[(key + value, "") if key == filtering.FIELD else (key, value)] = name
    return found


def _day(value: str) -> str:
    if value.endswith("d"):
        days = int(value[:-1])
        return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": days} if days else _("today")
    found = filtering.day(value)
    return formats.date_format(found, "j M Y") if found else value
