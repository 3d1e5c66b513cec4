"""Filters of a list: what they are called in addresses and saved views, and which cases they keep.

Several values of one key widen ("New or Open"), several keys narrow ("New, and Dana's").
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import In
from django.http import QueryDict
from django.utils import timezone

from caseway.accounts.models import Employee
from caseway.cases.lists.unread import is_unread
from caseway.cases.models import CaseAddress, Priority, Source, Status
from caseway.cases.models.case import CaseQuerySet

Filters = dict[str, list[str]]
"""Key to values, both as in the address of the page: {'status': ['new', 'open'], 'assignee': ['me']}."""

FIELD = "field."
"""Before the key of a field of the organisation's own."""
MOST_VALUES = 50
MOST_CHARACTERS = 200
SHORT_SPAN = datetime.timedelta(days=93)
_FIELD_KEY = re.compile(r"field\.[-\w]{1,60}", re.ASCII)
_DAYS = re.compile(r"(\d{1,4})d")

Condition = Callable[[list[str], Employee], Q]


def read(query: QueryDict) -> Filters:
    """The filters in an address. What is unknown or cannot be read is left out."""
    return _clean((key, query.getlist(key)) for key in query)


def stored(value: Any) -> Filters:
    """The filters of a saved view, read with the same care: somebody may have written them through another door."""
    if not isinstance(value, Mapping):
        return {}
    return _clean((key, values) for key, values in value.items() if isinstance(values, list))


def apply(rows: CaseQuerySet, filters: Filters, employee: Employee) -> CaseQuerySet:
    """The rows that every filter keeps. `employee` is 'me'; 'today' is the active time zone's."""
    for key, values in filters.items():
        if key.startswith(FIELD):
            rows = rows.filter(In(KeyTextTransform(key.removeprefix(FIELD), F("custom")), values))
        elif values:
            rows = rows.filter(_CONDITIONS[key](values, employee))
    return rows


def encode(filters: Filters, **more: str) -> str:
    """The query of an address that has these filters, without the '?'."""
    pairs = [(key, value) for key, values in filters.items() for value in values]
    return urlencode(pairs + [(key, value) for key, value in more.items() if value])


def without(filters: Filters, key: str) -> Filters:
    return {other: values for other, values in filters.items() if other != key}


def _clean(found: Iterable[tuple[str, list[Any]]]) -> Filters:
    kept: Filters = {}
    for key, given in found:
        values = [value.replace("\0", "").strip()[:MOST_CHARACTERS] for value in given if isinstance(value, str)]
        values = [value for value in dict.fromkeys(values) if value and _is_readable(key, value)]
        if values:
            kept[key] = values[:MOST_VALUES]
    order = list(_READABLE)
    return dict(sorted(kept.items(), key=lambda item: (order.index(item[0]) if item[0] in order else 99, item[0])))


def _is_readable(key: str, value: str) -> bool:
    readable = _READABLE.get(key)
    return readable(value) if readable else _FIELD_KEY.fullmatch(key) is not None


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 18


def _is_anything(value: str) -> bool:
    return True


def _is_day(value: str) -> bool:
    return day(value) is not None


_READABLE: dict[str, Callable[[str], bool]] = {
    "status": Status.values.__contains__,
    "priority": Priority.values.__contains__,
    "type": _is_anything,
    "assignee": lambda value: value in {"me", "nobody"} or _is_id(value),
    "team": _is_id,
    "contact": _is_id,
    "customer": _is_id,
    "tag": _is_anything,
    "address": _is_id,
    "source": Source.values.__contains__,
    "created_after": _is_day,
    "created_before": _is_day,
    "need_by": {"overdue", "today", "week"}.__contains__,
    "has": {"attachment"}.__contains__,
    "unread": {"me"}.__contains__,
}
KEYS = tuple(_READABLE)
"""Every key except those of fields, in the order in which they are shown."""


def day(value: str) -> datetime.date | None:
    """'2026-11-25', or a number of days ago: '7d', '0d' for today. None when it is neither."""
    if ago := _DAYS.fullmatch(value):
        return timezone.localdate() - datetime.timedelta(days=int(ago[1]))
    try:
        found = datetime.date.fromisoformat(value)
    except ValueError:
        return None
    return found if 1900 <= found.year < 9999 else None  # so that midnight exists in every time zone


def _among(field: str) -> Condition:
    return lambda values, _: Q(**{f"{field}__in": values})


def _assignee(values: list[str], employee: Employee) -> Q:
    people = [employee.pk if value == "me" else int(value) for value in values if value != "nobody"]
    wanted = Q(assigned_employee__in=people) if people else Q(pk__in=())
    if "nobody" in values:
        wanted |= Q(assigned_employee=None, assigned_team=None)
    return wanted


def _address(values: list[str], employee: Employee) -> Q:
    through = CaseAddress.objects.filter(
        organisation_id=employee.organisation_id, support_address__in=[int(value) for value in values]
    )
    return Q(pk__in=through.values("case"))


def _midnight(value: str) -> datetime.datetime:
    found = day(value) or datetime.date.min
    return timezone.make_aware(datetime.datetime.combine(found, datetime.time.min))


def _created_after(values: list[str], employee: Employee) -> Q:
    return Q(created_at__gte=min(map(_midnight, values)))


def _created_before(values: list[str], employee: Employee) -> Q:
    return Q(created_at__lt=max(map(_midnight, values)))


def _need_by(values: list[str], employee: Employee) -> Q:
    today = timezone.localdate()
    spans = {
        "overdue": Q(need_by__lt=today),
        "today": Q(need_by=today),
        "week": Q(need_by__gte=today, need_by__lt=today + datetime.timedelta(days=7)),
    }
    wanted = Q()
    for value in values:
        wanted |= spans[value]
    return wanted


def is_short_span(filters: Filters) -> bool:
    """Of cases that were created within some weeks."""
    after, before = filters.get("created_after"), filters.get("created_before")
    if not after or not before:
        return False
    return max(map(_midnight, before)) - min(map(_midnight, after)) <= SHORT_SPAN


_CONDITIONS: dict[str, Condition] = {
    "status": _among("status"),
    "priority": _among("priority"),
    "type": _among("type"),
    "assignee": _assignee,
    "team": _among("assigned_team"),
    "contact": _among("contact"),
    "customer": _among("customer"),
    "tag": lambda values, _: Q(tags__overlap=values),
    "address": _address,
    "source": _among("source"),
    "created_after": _created_after,
    "created_before": _created_before,
    "need_by": _need_by,
    "has": lambda _values, _employee: Q(has_attachment=True),
    "unread": lambda _values, employee: is_unread(employee),
}
