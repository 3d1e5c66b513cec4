"""What every page's template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from caseway.accounts.models import Employee
from caseway.cases import notices
from caseway.cases.setup import hues_of
from caseway.intake.alarms import open_alarms
from caseway.outbound.models import Pause, PauseKind

HTMX_CONFIG = (
    '{"allowEval":false,"selfRequestsOnly":true,"allowScriptTags":false,"includeIndicatorStyles":false,'
    '"historyCacheSize":0,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},'
    '{"code":"409","swap":true},{"code":"422","swap":true},{"code":"[45]..","swap":false,"error":true}]}'
)


def workspace(request: HttpRequest) -> dict[str, Any]:
    """`employee` (or None), an administrator's `alarms`, what is unread, whether this is the demo, how htmx behaves.

    Functions and lazy values ask only when a template names them.
    """
    user = getattr(request, "user", None)
    employee: Employee | None = user if isinstance(user, Employee) and user.is_authenticated else None
    return {
        "sending_pause": lambda: _sending_pause(employee) if employee else None,
        "employee": employee,
        "alarms": lambda: open_alarms(employee.organisation_id) if employee and employee.is_administrator else [],
        "tag_hues": SimpleLazyObject(lambda: hues_of(employee.organisation_id) if employee else {}),
        "unread_notices": lambda: notices.unread_count(employee) if employee else 0,
        "is_demo": settings.CASEWAY_DEMO,
        "htmx_config": HTMX_CONFIG,
    }


def _sending_pause(employee: Employee) -> Pause | None:
    """Why nothing leaves; asked for by pages of administrators only."""
    active = Pause.objects.active().filter(organisation_id=employee.organisation_id, kind=PauseKind.SENDING)
    return active.first()
