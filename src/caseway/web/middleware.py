"""Every request starts with no organisation's rows in sight; a signed-in employee opens their own."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from caseway.accounts.models import Employee
from caseway.accounts.scope import organisation_scope
from caseway.web.errors import refusal

Handler = Callable[[HttpRequest], HttpResponse]


class EmployeeMiddleware:
    """Runs the view in the scope of the signed-in employee's organisation, language and time zone."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        employee = request.user
        if not isinstance(employee, Employee) and not employee.is_authenticated:
            return self.get_response(request)
        with (
            organisation_scope(employee.organisation_id),
            translation.override(language_of(employee)),
            timezone.override(time_zone_of(employee)),
        ):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal(request, exception)


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
