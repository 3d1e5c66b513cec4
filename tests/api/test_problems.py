"""Errors: always problem details, whatever goes wrong."""

from __future__ import annotations

import pytest

from caseway.api import cases
from tests.api.conftest import Api


@pytest.mark.parametrize("path", ["/", "/nothing", "/cases/", "/cases/1/nothing", "/docs/more"])
def test_an_address_that_does_not_exist(api: Api, path: str) -> None:
    response = api.request("GET", path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_a_method_that_does_not_exist(api: Api) -> None:
    response = api.request("DELETE", "/contacts")
    assert response.status_code == 405
    assert set(response["Allow"].replace(" ", "").split(",")) == {"GET", "POST"}
    assert "GET" in response.json()["detail"]


@pytest.mark.parametrize("body", ["{", "nonsense", b"\xff\xfe", "[" * 100_000])
def test_a_body_that_is_not_json(api: Api, body: str | bytes) -> None:
    problem = api.post("/cases", body, 400)
    assert problem["type"].endswith("#bad-request")


@pytest.mark.parametrize("body", ["[]", "7", "null", '"text"'])
def test_a_body_that_is_not_an_object(api: Api, body: str) -> None:
    assert api.post("/cases", body, 422)["errors"]


def test_fields_that_are_wrong_are_all_named(api: Api) -> None:
    problem = api.post("/cases", {"subject": "", "priority": "very", "colour": "red"}, 422)
    assert {error["field"] for error in problem["errors"]} == {"subject", "priority", "colour"}
    assert "2 more" in problem["detail"]


def test_a_fault_of_ours_says_nothing_of_the_inside(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2 in /srv/secret")

    monkeypatch.setattr(cases.case_json, "whole", broken)
    number = api.get("/cases")["items"]
    assert number == []
    problem = api.post("/cases", {"subject": "Hi"}, 500)
    assert problem["type"].endswith("#internal")
    assert "hunter2" not in str(problem)


def test_too_large_a_body(api: Api, settings: object) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100  # type: ignore[attr-defined]
    api.post("/cases", {"subject": "x" * 200}, 413)
