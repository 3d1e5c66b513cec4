"""Until when: the times that the snooze menu offers, in the employee's time zone."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

MORNING = time(9)
EVENING = 20
"""From this hour on nothing is 'later today'."""
LATER = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Preset:
    """One line of the menu."""

    value: str
    label: str
    until: datetime


def presets(now: datetime | None = None) -> list[Preset]:
    """Later today, tomorrow, Monday, next week, in a month; what falls on an earlier line's time is left out."""
    here = timezone.localtime(now)
    today = here.date()
    monday = today + timedelta(days=(7 - today.weekday()) % 7 or 7)
    offered = [
        Preset("tomorrow", _("Tomorrow"), _morning(today + timedelta(days=1))),
        Preset("monday", _("Monday"), _morning(monday)),
        Preset("week", _("Next week"), _morning(today + timedelta(days=7))),
        Preset("month", _("In a month"), _morning(_month_later(today))),
    ]
    later = (here + LATER).replace(minute=0, second=0, microsecond=0)
    if here.hour < EVENING and later.date() == today:
        offered.insert(0, Preset("later", _("Later today"), later))
    first: dict[datetime, Preset] = {}
    for preset in offered:
        first.setdefault(preset.until, preset)
    return list(first.values())


def chosen(value: str, own: str) -> datetime | None:
    """When a choice of the menu means; None for until a reply. ValueError says what is missing."""
    if value == "reply":
        return None
    for preset in presets():
        if preset.value == value:
            return preset.until
    try:
        typed = datetime.fromisoformat(own.strip()[:32])
    except ValueError:
        raise ValueError(_("Choose a day and a time until which it is snoozed.")) from None
    return typed if timezone.is_aware(typed) else timezone.make_aware(typed)


def _morning(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, MORNING))


def _month_later(day: date) -> date:
    year, month = day.year + day.month // 12, day.month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
