"""What every page's template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from caseway.accounts.gather import Short, gather
from caseway.accounts.models import Employee
from caseway.intake.alarms import open_alarms, worker_beats
from caseway.intake.models import Alarm
from caseway.outbound.models import Pause, PauseKind

HTMX_CONFIG = (
    '{"allowEval":false,"selfRequestsOnly":true,"allowScriptTags":false,"includeIndicatorStyles":false,'
    '"historyCacheSize":0,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},'
    '{"code":"409","swap":true},{"code":"422","swap":true},{"code":"[45]..","swap":false,"error":true}]}'
)


def workspace(request: HttpRequest) -> dict[str, Any]:
    """`employee` (or None), an administrator's `alarms`, whether this is the demo, and how htmx has to behave."""
    user = getattr(request, "user", None)
    employee: Employee | None = user if isinstance(user, Employee) and user.is_authenticated else None
    banners = SimpleLazyObject(lambda: _banners(employee))
    return {
        "sending_pause": lambda: banners["pause"],
        "employee": employee,
        "alarms": lambda: banners["alarms"],
        "is_demo": settings.CASEWAY_DEMO,
        "htmx_config": HTMX_CONFIG,
    }


def _banners(employee: Employee | None) -> dict[str, Any]:
    """What an administrator has to know on every page: alarms, and why nothing leaves. One query while all is well."""
    if employee is None or not employee.is_administrator:
        return {"alarms": [], "pause": None}
    organisation = employee.organisation_id
    pauses = Pause.objects.active().filter(organisation_id=organisation, kind=PauseKind.SENDING)
    found = gather(
        alarms=Short.of(Alarm.objects.open().filter(organisation_id=organisation), "kind", "text", "fix"),
        alive=Short.of(worker_beats(), "pk"),
        pauses=Short.of(pauses.order_by("pk")[:1], "pk", "reason"),
    )
    alarms: list[Any] = found["alarms"] if found["alive"] else open_alarms(organisation)
    return {"alarms": alarms, "pause": next(iter(found["pauses"]), None)}
