"""The OpenAPI description and the docs page made of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from caseway.api import problems
from caseway.api.openapi import METHODS


@pytest.fixture(scope="module")
def schema() -> Any:
    return Client().get("/api/v1/openapi.json").json()


def operations(schema: Any) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", one[method])
        for path, one in schema["paths"].items()
        for method in METHODS
        if method in one
    ]


def test_every_operation_is_described_with_examples(schema: Any) -> None:
    assert schema["openapi"].startswith("3.1")
    found = operations(schema)
    assert len(found) >= 30
    for name, operation in found:
        assert len(operation.get("description", "")) > 15, name
        assert operation["security"], name
        for parameter in operation["parameters"]:
            assert parameter["description"], (name, parameter["name"])
            assert "example" in parameter, (name, parameter["name"])
        contents = [one.get("content", {}) for one in operation["responses"].values()]
        for content in [operation.get("requestBody", {}).get("content", {}), *contents]:
            for media in content.values():
                assert "example" in media, name


def test_operation_ids_are_unique(schema: Any) -> None:
    ids = [operation["operationId"] for _, operation in operations(schema)]
    assert len(ids) == len(set(ids))


def test_every_operation_names_its_problems(schema: Any) -> None:
    for name, operation in operations(schema):
        assert {"401", "422", "500"} <= operation["responses"].keys(), name
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == [problems.MEDIA_TYPE], name


def test_references_lead_somewhere(schema: Any) -> None:
    text = Client().get("/api/v1/openapi.json").content.decode()
    for name in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert name in schema["components"]["schemas"]


def test_no_answer_holds_a_password(schema: Any) -> None:
    for name, operation in operations(schema):
        answers = str([one.get("content") for one in operation["responses"].values()])
        for reference in re.findall(r"schemas/(\w+)", answers):
            properties = schema["components"]["schemas"][reference].get("properties", {})
            assert not [field for field in properties if "password" in field], name


def test_the_docs_page_reads_without_scripts(schema: Any) -> None:
    response = Client().get("/api/v1/docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert "script" not in response["Content-Security-Policy"].replace("script-src 'self'", "")
    assert "<script" not in page
    assert "style=" not in page
    for _, operation in operations(schema):
        assert f'id="{operation["operationId"]}"' in page
    for kind in problems.KINDS:
        assert f'id="{kind.slug}"' in page
