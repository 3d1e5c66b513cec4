"""Everything that can go wrong, as RFC 9457 problem details: one table of kinds, one way to answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem. `slug` is its anchor on the docs page and never changes."""

    slug: str
    status: int
    title: str
    meaning: str

    @property
    def address(self) -> str:
        """The problem's `type`: where it is explained."""
        return f"{settings.CASEWAY_URL}/api/v1/docs#{self.slug}"


BAD_REQUEST = Kind("bad-request", 400, "The request cannot be read", "The body is not JSON, or the URL is malformed.")
NOT_SIGNED_IN = Kind(
    "not-signed-in",
    401,
    "A valid API token is needed",
    "The Authorization header is missing, or its token is unknown, revoked, or belongs to an inactive employee.",
)
PLAN = Kind(
    "plan", 403, "Not part of this plan", "The organisation's plan lacks the feature; the text names one that has it."
)
NOT_ALLOWED = Kind(
    "not-allowed", 403, "Your role may not do this", "The token's employee has a role without this right."
)
NOT_FOUND = Kind(
    "not-found",
    404,
    "Not found",
    "Nothing with this number or id can be seen with this token; it may never have existed.",
)
METHOD = Kind("method-not-allowed", 405, "Method not allowed", "The address exists, but not with this HTTP method.")
STALE = Kind(
    "stale-case",
    409,
    "The case was changed meanwhile",
    "`version` is not the case's any more: read it again, then decide.",
)
WRONG_STATE = Kind(
    "wrong-state", 409, "Not possible in this state", "It has gone too far, or not far enough, for this."
)
TAKEN = Kind(
    "already-there", 409, "Already there", "It would make a second one of what exists; the text names the first."
)
TOO_LARGE = Kind("too-large", 413, "The request is too large", "The body is larger than this server accepts.")
INVALID = Kind(
    "invalid",
    422,
    "Some values cannot be used",
    "`errors` names each field with what is wrong and what would be right.",
)
CANNOT_SEND = Kind(
    "cannot-send", 422, "The reply cannot be sent", "Nothing was queued; the text says why and what to mend."
)
KEY_REUSED = Kind(
    "key-reused",
    422,
    "Idempotency-Key used before",
    "The same key came with another request; use a new key for a new request.",
)
TOO_MANY = Kind("too-many-requests", 429, "Too many requests", "Wait for the seconds that Retry-After names.")
INTERNAL = Kind(
    "internal", 500, "Something failed on our side", "Nothing is half done; the operator's log has the particulars."
)

KINDS: tuple[Kind, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Kind))


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one value; `field` is its place in the body, query or path: `to.0`."""

    field: str
    detail: str


class ProblemError(Exception):
    """Ends an operation with a problem. `detail` says the cause and the fix."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def invalid(field: str, detail: str) -> ProblemError:
    """One value that cannot be used."""
    return ProblemError(INVALID, detail, errors=[FieldError(field, detail)])


def not_found(what: str) -> ProblemError:
    """The same answer for what never existed, was deleted, or belongs to another organisation."""
    return ProblemError(NOT_FOUND, f"There is no {what} here that this token can see.")


def answer(problem: ProblemError) -> HttpResponse:
    """The problem as a response."""
    body: dict[str, object] = {
        "type": problem.kind.address,
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
    }
    if problem.errors:
        body["errors"] = [{"field": error.field, "detail": error.detail} for error in problem.errors]
    response = HttpResponse(json.dumps(body), status=problem.kind.status, content_type=MEDIA_TYPE)
    for name, value in problem.headers.items():
        response[name] = value
    return response
