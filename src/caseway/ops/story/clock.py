"""A clock that a person sets. Used in one process: the one that tells the sample company's story."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.utils import timezone

_real_now = timezone.now


class Clock:
    """`now` is what every `timezone.now()` of this process says, in calls and in the defaults of model fields."""

    def __init__(self, start: datetime.datetime) -> None:
        self.moment = start

    def now(self) -> datetime.datetime:
        self.moment += datetime.timedelta(microseconds=1)  # two things never happen at once
        return self.moment

    def set(self, moment: datetime.datetime) -> None:
        """Forward only."""
        self.moment = max(self.moment, moment)


@contextmanager
def clock_set(clock: Clock) -> Iterator[Clock]:
    """The process lives by `clock` inside."""
    fields = [
        field for model in apps.get_models() for field in model._meta.concrete_fields if field.default is _real_now
    ]
    timezone.now = clock.now
    for field in fields:
        field.default = clock.now
        field.__dict__.pop("_get_default", None)
    try:
        yield clock
    finally:
        timezone.now = _real_now
        for field in fields:
            field.default = _real_now
            field.__dict__.pop("_get_default", None)
