"""What every page's template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def workspace(request: HttpRequest) -> dict[str, Any]:
    """`employee` (or None) and whether this is the demo."""
    user = getattr(request, "user", None)
    return {"employee": user if user is not None and user.is_authenticated else None, "is_demo": settings.CASEWAY_DEMO}
