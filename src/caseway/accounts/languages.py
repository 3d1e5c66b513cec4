"""In which language and by which clock somebody reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.utils import timezone, translation

from caseway.accounts.models import Employee


def language_of(employee: Employee) -> str:
    """The employee's language, else the organisation's, else the installation's."""
    wanted = employee.language or employee.organisation.language
    return wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def time_zone_of(employee: Employee) -> ZoneInfo:
    """The employee's time zone, else the organisation's, else the installation's."""
    try:
        return ZoneInfo(employee.time_zone or employee.organisation.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)


@contextmanager
def as_read_by(employee: Employee) -> Iterator[None]:
    """What is said within is said in the employee's language, with times of the employee's time zone."""
    with translation.override(language_of(employee)), timezone.override(time_zone_of(employee)):
        yield


def isolated(text: str) -> str:
    """A name inside a sentence that runs from right to left, kept from turning its neighbours (UAX 9, isolates)."""
    return f"\u2068{text}\u2069" if translation.get_language_bidi() else text
