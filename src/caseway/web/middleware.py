"""Every request starts with no organisation's rows in sight; a signed-in employee opens their own."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from caseway.accounts.scope import organisation_scope

Handler = Callable[[HttpRequest], HttpResponse]


class EmployeeMiddleware:
    """Runs the view in the scope of the signed-in employee's organisation."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with organisation_scope(request.user.organisation_id):
            return self.get_response(request)
