"""Bearer tokens: who is calling, and whose rows the call may see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja.security import HttpBearer

from caseway.accounts.models import ApiToken, Employee
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.api import rate
from caseway.api.problems import METHOD, NOT_ALLOWED, ProblemError, answer

USE_IS_NOTED_EVERY = timedelta(minutes=1)


class ApiRequest(HttpRequest):
    """A request whose token was good."""

    auth: Employee
    scope_of_call: ExitStack


class BearerToken(HttpBearer):
    """`Authorization: Bearer cw_…`. The rest of the call runs in the scope of the token's organisation."""

    def authenticate(self, request: HttpRequest, token: str) -> Employee | None:
        found = _find(token)
        if found is None:
            return None
        rate.count(found.pk)
        scope: ExitStack = request.scope_of_call  # type: ignore[attr-defined]
        scope.enter_context(organisation_scope(found.organisation_id))
        _note_use(found)
        return found.employee


def guarded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wraps a view of the API: leaves the token's scope behind it, caches nothing, says 405 as a problem."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as scope:
            request.scope_of_call = scope  # type: ignore[attr-defined]
            response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        if isinstance(response, HttpResponseNotAllowed):
            allowed = response["Allow"]
            detail = f"{request.method} is not possible here. Use {allowed}."
            return answer(ProblemError(METHOD, detail, headers={"Allow": allowed}))
        return response

    return wrapped


def require_writer(request: ApiRequest) -> None:
    """Raises ProblemError unless the employee answers customers and changes cases."""
    if not request.auth.may_write:
        raise ProblemError(
            NOT_ALLOWED,
            "A light agent reads and writes notes. Use an agent's token, or have an administrator change the role.",
        )


def require_administrator(request: ApiRequest) -> None:
    """Raises ProblemError unless the employee is an administrator."""
    if not request.auth.is_administrator:
        raise ProblemError(NOT_ALLOWED, "This is for administrators, as in the pages. Use an administrator's token.")


def _find(token: str) -> ApiToken | None:
    with every_organisation():
        return (
            ApiToken.objects.select_related("employee__organisation")
            .filter(hash=ApiToken.hash_of(token.strip()), employee__is_active=True)
            .first()
        )


def _note_use(token: ApiToken) -> None:
    """At most once a minute, so that reading hardly ever writes."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USE_IS_NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_IS_NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
