"""Two companies with tokens, and a client that speaks JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from caseway.accounts.models import ApiToken, Employee
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.api import rate
from tests.companies import Company, make_company


@dataclass
class Api:
    """The API as one token sees it."""

    token: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        content = body if isinstance(body, str | bytes) else json.dumps(body) if body is not None else ""
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.generic(
            method, f"/api/v1{path}", content, content_type="application/json", headers=given | headers
        )

    def get(self, path: str, expect: int = 200) -> Any:
        return self._answer(self.request("GET", path), expect)

    def post(self, path: str, body: Any = None, expect: int = 200, **headers: str) -> Any:
        return self._answer(self.request("POST", path, body, **headers), expect)

    def patch(self, path: str, body: Any, expect: int = 200) -> Any:
        return self._answer(self.request("PATCH", path, body), expect)

    def delete(self, path: str, expect: int = 204) -> Any:
        return self._answer(self.request("DELETE", path), expect)

    @staticmethod
    def _answer(response: HttpResponse, expect: int) -> Any:
        assert response.status_code == expect, response.content.decode()[:2000]
        is_json = "json" in response.headers.get("Content-Type", "")
        if expect >= 400:
            assert response["Content-Type"] == "application/problem+json"
            problem = response.json()
            assert {"type", "title", "status", "detail"} <= problem.keys()
            assert problem["status"] == expect
            return problem
        return response.json() if is_json and response.content else response


def token_of(employee: Employee) -> str:
    with every_organisation():
        return ApiToken.issue(employee, "test")


@pytest.fixture(autouse=True)
def counted_anew() -> None:
    rate.forget()


@pytest.fixture
def fieldnote(db: None) -> Company:
    return make_company()


@pytest.fixture
def other(db: None) -> Company:
    """Another organisation on the same installation."""
    return make_company("brightline", "brightline.example")


@pytest.fixture
def inside(fieldnote: Company) -> Iterator[Company]:
    """Fieldnote, with its rows in sight of the test itself."""
    with organisation_scope(fieldnote.organisation.pk):
        yield fieldnote


@pytest.fixture
def api(fieldnote: Company) -> Api:
    """As Dana, an agent."""
    return Api(token_of(fieldnote.dana))


@pytest.fixture
def administrator(fieldnote: Company) -> Api:
    """As Maya."""
    return Api(token_of(fieldnote.maya))


@pytest.fixture
def light(fieldnote: Company) -> Api:
    """As Lior, a light agent."""
    return Api(token_of(fieldnote.light))


@pytest.fixture
def stranger(other: Company) -> Api:
    """As the other organisation's administrator."""
    return Api(token_of(other.maya))
