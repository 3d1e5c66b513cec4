"""What lists of cases are ordered by, beyond columns. Indexes and orders must say the same, so they say it here."""

from __future__ import annotations

import datetime

from django.db.models import Case, DateField, DateTimeField, IntegerField, Value, When
from django.db.models.functions import Coalesce

from caseway.cases.models.choices import Priority, Status

NO_DATE = datetime.date(9999, 12, 31)
"""After every date that somebody may want."""


def _rank(field: str, values: list[str]) -> Case:
    whens = [When(**{field: str(value)}, then=Value(rank)) for rank, value in enumerate(values)]
    return Case(*whens, default=Value(len(values)), output_field=IntegerField())


PRIORITY_RANK = _rank("priority", [Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT])
STATUS_RANK = _rank("status", [Status.NEW, Status.OPEN, Status.WAITING, Status.CLOSED])
CAME = Coalesce("received_at", "created_at", output_field=DateTimeField())
"""When the customer last said something; of a case made by hand, when it was made."""
DUE = Coalesce("need_by", Value(NO_DATE, output_field=DateField()), output_field=DateField())
