"""How times, dates and numbers are written in each language: shorter than Django's own, for lists and rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import formats, translation


@dataclass(frozen=True, slots=True)
class Patterns:
    """In the letters of Django's `date` filter."""

    clock: str = "H:i"
    weekday: str = "D"
    day: str = "j M"
    """Of this year."""
    date: str = "j M Y"
    moment: str = "D j M Y, H:i"


PATTERNS = {
    "en": Patterns(),
    "de": Patterns(day="j. N", date="j. N Y", moment="D, j. N Y, H:i"),
    "fr": Patterns(day="j N", date="j N Y", moment="D j N Y, H:i"),
    "es": Patterns(day="j N", date="j N Y", moment="D, j N Y, H:i"),
    "pt": Patterns(day="j N", date="j N Y", moment="D, j N Y, H:i"),
    "ja": Patterns(day="n月j日", date="Y年n月j日", moment="Y年n月j日(D) H:i"),
    "ar": Patterns(weekday="l", day="j F", date="j F Y", moment="l j F Y، H:i"),
}


def patterns() -> Patterns:
    """Those of the language that is spoken now."""
    language = (translation.get_language() or "en").partition("-")[0]
    return PATTERNS.get(language, PATTERNS["en"])


def clock(moment: datetime) -> str:
    """A local time of day: 09:36."""
    return formats.time_format(moment, patterns().clock)


def weekday(moment: date) -> str:
    return formats.date_format(moment, patterns().weekday)


def short_date(value: date, this_year: int = 0) -> str:
    """A date; without its year when it is `this_year`."""
    return formats.date_format(value, patterns().day if value.year == this_year else patterns().date)


def full(moment: datetime) -> str:
    """Weekday, date and time of a local moment."""
    return formats.date_format(moment, patterns().moment)


def number(value: int | float, places: int | None = None) -> str:
    """With the language's marks between thousands and before decimals."""
    return formats.number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True)
