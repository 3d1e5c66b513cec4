"""Signing in: by email address and password, found across organisations."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from caseway.accounts.models import Employee
from caseway.accounts.scope import current_scope, every_organisation


class EmployeeBackend(BaseBackend):
    """Finds the employee before any organisation is known; everything after happens in the employee's own."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **_: Any
    ) -> Employee | None:
        with every_organisation():
            employee = Employee.objects.active().filter(email__iexact=username.strip()).first()
        if employee is None:
            Employee().set_password(password)  # the same work as for a known address: time tells nothing
            return None
        return employee if employee.check_password(password) else None

    def get_user(self, user_id: int) -> Employee | None:
        rows = Employee.objects.active().select_related("organisation").filter(pk=user_id)
        if current_scope():
            return rows.first()  # the session names the organisation, and its scope is entered already
        with every_organisation():
            return rows.first()


ORGANISATION = "organisation"
"""Key of the session: the organisation of whoever signed in, so that a request need not look across all."""


def remember_organisation(request: HttpRequest, user: Employee, **_: Any) -> None:
    """Somebody signs in."""
    request.session[ORGANISATION] = user.organisation_id
