"""Who may open which page. Every view behind the sign-in wears one of these."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class EmployeeRequest(HttpRequest):
    """A request of a signed-in employee."""

    user: Employee  # type: ignore[assignment]


def employee_page(view: Callable[Concatenate[Any, P], HttpResponseBase]) -> View[P]:
    """Every employee who is signed in."""

    @wraps(view)
    def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return login_required(checked)


def writer_page(view: Callable[Concatenate[Any, P], HttpResponseBase]) -> View[P]:
    """Those who answer customers and change cases; light agents are refused."""

    @wraps(view)
    def checked(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.may_write:
            raise PermissionDenied(_("Light agents read cases and write notes. An administrator can change your role."))
        return view(request, *args, **kwargs)

    return employee_page(checked)


def administrator_page(view: Callable[Concatenate[Any, P], HttpResponseBase]) -> View[P]:
    """Administrators: settings that concern everybody."""

    @wraps(view)
    def checked(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_administrator:
            raise PermissionDenied(_("This page is for administrators. Ask one of yours to open it for you."))
        return view(request, *args, **kwargs)

    return employee_page(checked)
