"""Who may open which page. Every view behind the sign-in wears one of these."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee

View = TypeVar("View", bound=Callable[..., HttpResponse])


class EmployeeRequest(HttpRequest):
    """A request of a signed-in employee."""

    user: Employee
    htmx: Any


def employee_page(view: View) -> View:
    """Every employee who is signed in. Nothing of it stays in a cache."""

    @wraps(view)
    def checked(request: EmployeeRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return cast("View", login_required(checked))


def writer_page(view: View) -> View:
    """Those who answer customers and change cases; light agents are refused."""

    @wraps(view)
    def checked(request: EmployeeRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.may_write:
            raise PermissionDenied(_("Light agents read cases and write notes. An administrator can change your role."))
        return view(request, *args, **kwargs)

    return employee_page(cast("View", checked))


def administrator_page(view: View) -> View:
    """Administrators: settings that concern everybody."""

    @wraps(view)
    def checked(request: EmployeeRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_administrator:
            raise PermissionDenied(_("This page is for administrators. Ask one of yours to open it for you."))
        return view(request, *args, **kwargs)

    return employee_page(cast("View", checked))
