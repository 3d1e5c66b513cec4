"""What every page's template may use."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import SimpleLazyObject

from caseway.accounts.gather import Short
from caseway.accounts.models import Employee
from caseway.accounts.prepared import PreparedLists
from caseway.cases import notices
from caseway.cases.models import Tag
from caseway.intake.alarms import WORKER_SILENCE, open_alarms, worker_beats
from caseway.intake.models import Alarm
from caseway.outbound.models import Pause, PauseKind

HTMX_CONFIG = (
    '{"allowEval":false,"selfRequestsOnly":true,"allowScriptTags":false,"includeIndicatorStyles":false,'
    '"historyCacheSize":0,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},'
    '{"code":"409","swap":true},{"code":"422","swap":true},{"code":"[45]..","swap":false,"error":true}]}'
)

MOST_UNREAD = 100
"""Counted up to here."""


def workspace(request: HttpRequest) -> dict[str, Any]:
    """`employee` (or None), an administrator's `alarms`, what is unread, whether this is the demo, how htmx behaves.

    Functions and lazy values ask only when a template names them.
    """
    user = getattr(request, "user", None)
    employee: Employee | None = user if isinstance(user, Employee) and user.is_authenticated else None
    shell = SimpleLazyObject(lambda: _shell(employee))
    return {
        "sending_pause": lambda: shell["pause"],
        "employee": employee,
        "alarms": lambda: shell["alarms"],
        "tag_hues": SimpleLazyObject(lambda: shell["tag_hues"]),
        "unread_notices": lambda: shell["unread_notices"],
        "is_demo": settings.CASEWAY_DEMO,
        "sample_progress": sample_progress,
        "htmx_config": HTMX_CONFIG,
    }


def _shell(employee: Employee | None) -> dict[str, Any]:
    """What stands around every page: alarms and why nothing leaves, the hues of tags, what is unread.

    One query while all is well: alarms are looked up at this moment only where no worker keeps them.
    """
    if employee is None:
        return {"alarms": [], "pause": None, "tag_hues": {}, "unread_notices": 0}
    organisation = employee.organisation_id
    if employee.is_administrator:
        now = timezone.now()
        found = _OF_ADMINISTRATOR.gather(
            organisation=organisation, employee=employee.pk, now=now, since=now - WORKER_SILENCE
        )
    else:
        found = _OF_EVERYBODY.gather(organisation=organisation, employee=employee.pk)
    alarms: list[Any] = [row | {"since": parse_datetime(row["since"])} for row in found.get("alarms", [])]
    if employee.is_administrator and not found["alive"]:
        alarms = open_alarms(organisation)
    return {
        "alarms": alarms,
        "pause": next(iter(found.get("pauses", [])), None),
        "tag_hues": {row["name"]: row["hue"] for row in found["hues"]},
        "unread_notices": len(found["unread"]),
    }


def _of_everybody(organisation: int, employee: int) -> dict[str, Short]:
    reader = Employee(pk=employee, organisation_id=organisation)
    unread = notices.listed(reader).filter(read_at=None).order_by("case").distinct("case")
    hues = Tag.objects.filter(organisation_id=organisation, hue__isnull=False)
    return {"hues": Short.of(hues, "name", "hue"), "unread": Short.of(unread[:MOST_UNREAD], "case_id")}


def _of_administrator(organisation: int, employee: int, now: datetime, since: datetime) -> dict[str, Short]:
    pauses = Pause.objects.active(now).filter(organisation_id=organisation, kind=PauseKind.SENDING)
    open_ones = Alarm.objects.open().filter(organisation_id=organisation)
    return _of_everybody(organisation, employee) | {
        "alarms": Short.of(open_ones, "kind", "text", "fix", "since"),
        "alive": Short.of(worker_beats(since), "pk"),
        "pauses": Short.of(pauses.order_by("pk")[:1], "pk", "reason"),
    }


_OF_EVERYBODY = PreparedLists(_of_everybody)
_OF_ADMINISTRATOR = PreparedLists(_of_administrator)


def sample_progress() -> dict[str, Any] | None:
    """How far the demo's sample company is told: done, total, percent. None when there is nothing to tell of."""
    if not settings.CASEWAY_DEMO:
        return None
    try:
        found = json.loads((settings.DATA / "sample-progress.json").read_text())
        return {**found, "percent": found["done"] * 100 // max(1, found["total"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None
