"""Every request starts with no organisation's rows in sight; a signed-in employee opens their own."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from caseway.accounts.languages import as_read_by
from caseway.accounts.models import Employee
from caseway.accounts.scope import organisation_scope
from caseway.web.errors import refusal

Handler = Callable[[HttpRequest], HttpResponse]


class EmployeeMiddleware:
    """Runs the view in the scope of the signed-in employee's organisation, language and time zone.

    Pages for somebody who is not signed in speak as the browser asks (Accept-Language): Django's LocaleMiddleware,
    which runs before, has seen to that.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        employee = request.user
        if not isinstance(employee, Employee) and not employee.is_authenticated:
            return self.get_response(request)
        with organisation_scope(employee.organisation_id), as_read_by(employee):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
            return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal(request, exception)
