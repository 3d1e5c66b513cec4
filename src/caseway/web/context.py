"""What every page's template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from caseway.outbound.models import Pause, PauseKind

HTMX_CONFIG = (
    '{"allowEval":false,"selfRequestsOnly":true,"allowScriptTags":false,"includeIndicatorStyles":false,'
    '"historyCacheSize":0,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},'
    '{"code":"409","swap":true},{"code":"422","swap":true},{"code":"[45]..","swap":false,"error":true}]}'
)


def workspace(request: HttpRequest) -> dict[str, Any]:
    """`employee` (or None), whether this is the demo, and how htmx has to behave."""
    user = getattr(request, "user", None)
    return {
        "employee": user if user is not None and user.is_authenticated else None,
        "sending_pause": lambda: _sending_pause(user),
        "is_demo": settings.CASEWAY_DEMO,
        "htmx_config": HTMX_CONFIG,
    }


def _sending_pause(user: Any) -> Pause | None:
    """Why nothing leaves; asked for by pages of administrators only."""
    active = Pause.objects.active().filter(organisation_id=user.organisation_id, kind=PauseKind.SENDING)
    return active.first()
