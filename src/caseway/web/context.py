"""What every page's template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from caseway.accounts.models import Employee
from caseway.intake.alarms import open_alarms
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
    return {
        "sending_pause": lambda: _sending_pause(employee) if employee else None,
        "employee": employee,
        "alarms": lambda: open_alarms(employee.organisation_id) if employee and employee.is_administrator else [],
        "is_demo": settings.CASEWAY_DEMO,
        "htmx_config": HTMX_CONFIG,
    }


def _sending_pause(employee: Employee) -> Pause | None:
    """Why nothing leaves; asked for by pages of administrators only."""
    active = Pause.objects.active().filter(organisation_id=employee.organisation_id, kind=PauseKind.SENDING)
    return active.first()
