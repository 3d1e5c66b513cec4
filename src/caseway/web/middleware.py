"""Every request starts with no organisation's rows in sight; a signed-in employee opens their own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from caseway.accounts.languages import as_read_by
from caseway.accounts.models import Employee
from caseway.accounts.scope import current_scope, organisation_scope
from caseway.accounts.sign_in import ORGANISATION
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
        organisation = request.session.get(ORGANISATION)
        with ExitStack() as entered:
            if isinstance(organisation, int):
                entered.enter_context(organisation_scope(organisation))
            employee = request.user
            if not isinstance(employee, Employee) and not employee.is_authenticated:
                entered.close()
                return self.get_response(request)
            if current_scope() != str(employee.organisation_id):
                entered.enter_context(organisation_scope(employee.organisation_id))
            entered.enter_context(as_read_by(employee))
            entered.callback(_give_back)
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
            return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal(request, exception)


def _give_back() -> None:
    """Give the connection back to the pool before the scope is left, which then need not be said to the database.

    Whoever takes it up next says their own: `caseway.accounts.scope.carry_over`.
    """
    if not connection.in_atomic_block:
        connection.close()
