"""The API as one thing: its resources, and how every error of the rooms below becomes a problem."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from caseway.accounts.plans import PlanError
from caseway.api import (
    case_changes,
    cases,
    contacts,
    email_to_case,
    inbound,
    mail_rules,
    messages,
    outbound,
    people,
    problems,
    watching,
)
from caseway.api.authentication import BearerToken
from caseway.api.openapi import finish
from caseway.api.problems import FieldError, ProblemError, answer
from caseway.cases.errors import NotAllowedError, StaleCaseError
from caseway.outbound.errors import CannotSendError

log = logging.getLogger(__name__)

DESCRIPTION = """Cases, contacts, the ledger of arrived mail, the outbox and Email to Case, as JSON.

Every request carries `Authorization: Bearer TOKEN`; tokens are made under Settings → API tokens and act as the
employee they belong to, with that employee's role. Times are UTC, ISO 8601. Lists answer `items` and `next`; send
`next` back as `after`. Errors are problem details (RFC 9457) with a `detail` that says the cause and the fix.
"""


class Application(NinjaAPI):
    """The API whose description is completed with problems and examples."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The OpenAPI 3.1 description."""
        return finish(super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params))

    def get_openapi_operation_id(self, operation: Any) -> str:
        """The function's own name: it is unique, and reads well in generated clients."""
        return str(operation.view_func.__name__)


application = Application(
    title="Caseway API",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    auth=BearerToken(),
)
application.add_router("/cases", cases.router)
application.add_router("/cases", case_changes.router)
application.add_router("/cases", messages.router)
application.add_router("/contacts", contacts.router)
application.add_router("/inbound", inbound.router)
application.add_router("/outbound", outbound.router)
application.add_router("/mail", mail_rules.router)
application.add_router("/email-to-case", email_to_case.router)
application.add_router("", people.router)
application.add_router("", watching.router)


def _validation(error: ValidationError) -> ProblemError:
    errors = [FieldError(_place(one["loc"]), _sentence(one)) for one in error.errors]
    first = errors[0]
    more = f" (and {len(errors) - 1} more, see errors)" if len(errors) > 1 else ""
    place = f"{first.field}: " if first.field else ""
    return ProblemError(problems.INVALID, f"{place}{first.detail}{more}", errors=errors)


def _place(location: tuple[str | int, ...]) -> str:
    """Where in the body, query or path; the framework's own two first steps are nobody's business."""
    kind, *steps = location
    if (kind in {"body", "query", "header"} and len(steps) > 1) or (kind == "body" and steps):
        steps = steps[1:]
    return ".".join(str(step) for step in steps)


def _sentence(error: dict[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "There is no such field here. Leave it out, or check its spelling."
    if error["type"] == "missing":
        return "This is needed."
    return str(error["msg"]).removeprefix("Value error, ")


def _http(error: HttpError) -> ProblemError:
    if error.status_code == problems.BAD_REQUEST.status:
        return ProblemError(problems.BAD_REQUEST, "The body is not JSON that can be read. Send UTF-8 JSON.")
    kind = next((kind for kind in problems.KINDS if kind.status == error.status_code), problems.BAD_REQUEST)
    return ProblemError(kind, str(error))


def _not_signed_in(error: AuthenticationError) -> ProblemError:
    return ProblemError(
        problems.NOT_SIGNED_IN,
        "Send “Authorization: Bearer TOKEN” with a token from Settings → API tokens; this one is missing, unknown, "
        "or its employee is not active any more.",
        headers={"WWW-Authenticate": 'Bearer realm="Caseway"'},
    )


ANSWERS: tuple[tuple[type[Exception], Callable[[Any], ProblemError]], ...] = (
    (ProblemError, lambda error: error),
    (ValidationError, _validation),
    (AuthenticationError, _not_signed_in),
    (HttpError, _http),
    (Http404, lambda error: problems.not_found("resource")),
    (RequestDataTooBig, lambda error: ProblemError(problems.TOO_LARGE, "The body is too large. Send smaller files.")),
    (PlanError, lambda error: ProblemError(problems.PLAN, str(error))),
    (PermissionDenied, lambda error: ProblemError(problems.NOT_ALLOWED, str(error))),
    (NotAllowedError, lambda error: ProblemError(problems.NOT_ALLOWED, str(error))),
    (StaleCaseError, lambda error: ProblemError(problems.STALE, str(error))),
    (CannotSendError, lambda error: ProblemError(problems.CANNOT_SEND, str(error))),
)


def _handler(make: Callable[[Any], ProblemError]) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda request, error: answer(make(error))


def _unforeseen(request: HttpRequest, error: Any) -> HttpResponse:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return answer(
        ProblemError(problems.INTERNAL, "Caseway failed to answer this; the operator's log says why. Try again later.")
    )


for _kind, _make in ANSWERS:
    application.add_exception_handler(_kind, _handler(_make))
application.add_exception_handler(Exception, _unforeseen)
