"""How times, dates and numbers are written in each language: shorter than Django's own, for lists and rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.utils import formats, translation


@dataclass(frozen=True, slots=True)
class Patterns:
    """In the letters of Django's `date` filter."""

    weekday: str = "D"
    day: str = "j M"
    """Of this year."""
    date: str = "j M Y"
    before_clock: str = "D j M Y, "
    """The date in front of a time of day, which is 09:36 in every language."""


PATTERNS = {
    "en": Patterns(),
    "de": Patterns(day="j. N", date="j. N Y", before_clock="D, j. N Y, "),
    "fr": Patterns(day="j N", date="j N Y", before_clock="D j N Y, "),
    "es": Patterns(day="j N", date="j N Y", before_clock="D, j N Y, "),
    "pt": Patterns(day="j N", date="j N Y", before_clock="D, j N Y, "),
    "ja": Patterns(day="n月j日", date="Y年n月j日", before_clock="Y年n月j日(D) "),
    "ar": Patterns(weekday="l", day="j F", date="j F Y", before_clock="l j F Y، "),
}


def patterns() -> Patterns:
    """Those of the language that is spoken now."""
    language = (translation.get_language() or "en").partition("-")[0]
    return PATTERNS.get(language, PATTERNS["en"])


@lru_cache(maxsize=8192)
def _written(value: date, pattern: str, language: str | None) -> str:
    """A date, kept: a list writes the same few days again and again. `language` is the one in force."""
    return formats.date_format(value, pattern)


def _date(value: date, pattern: str) -> str:
    day = value.date() if isinstance(value, datetime) else value
    return _written(day, pattern, translation.get_language())


def clock(moment: datetime) -> str:
    """A local time of day: 09:36."""
    return f"{moment.hour:02}:{moment.minute:02}"


def weekday(moment: date) -> str:
    return _date(moment, patterns().weekday)


def short_date(value: date, this_year: int = 0) -> str:
    """A date; without its year when it is `this_year`."""
    return _date(value, patterns().day if value.year == this_year else patterns().date)


def full(moment: datetime) -> str:
    """Weekday, date and time of a local moment."""
    return _date(moment, patterns().before_clock) + clock(moment)


def number(value: int | float, places: int | None = None) -> str:
    """With the language's marks between thousands and before decimals."""
    return formats.number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True)
