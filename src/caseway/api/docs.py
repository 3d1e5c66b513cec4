"""The docs page: the API's own description, set out for reading. No script, nothing loaded from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from caseway.api import problems
from caseway.api.application import application
from caseway.api.openapi import METHODS


@csrf_exempt
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, fields and examples, and every kind of problem."""
    schema = application.get_openapi_schema()
    context = {
        "groups": _groups(schema),
        "problems": problems.KINDS,
        "lead": _paragraphs(schema["info"]["description"]),
    }
    return render(request, "api/docs.html", context)


def _groups(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The operations under their resource's name, in the order of the description."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                groups.setdefault(operation["tags"][0], []).append(_entry(path, method, operation, schema))
    return [{"name": name, "operations": entries} for name, entries in groups.items()]


def _entry(path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    components = schema["components"]["schemas"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    status, answer = next((code, one) for code, one in operation["responses"].items() if int(code) < 300)
    media = next(iter(answer.get("content", {}).values()), None)
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "paragraphs": _paragraphs(operation["description"]),
        "parameters": [{**one, "type": _type(one["schema"], components)} for one in operation["parameters"]],
        "fields": _fields(body["schema"], components) if body else [],
        "body": _pretty(body["example"]) if body else "",
        "status": status,
        "answer": _pretty(media["example"]) if media else "",
    }


def _fields(schema: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a body: name, type, whether needed, what it means."""
    whole = _resolved(schema, components)
    return [
        {
            "name": name,
            "type": _type(field, components),
            "required": name in whole.get("required", []),
            "description": field.get("description", ""),
        }
        for name, field in whole.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any], components: dict[str, Any]) -> str:
    """The type in words."""
    whole = _resolved(schema, components)
    if "enum" in whole:
        return " | ".join(str(value) for value in whole["enum"])
    if "anyOf" in whole:
        return " or ".join(dict.fromkeys(_type(one, components) for one in whole["anyOf"]))
    if whole.get("type") == "array":
        return f"list of {_type(whole['items'], components)}"
    return str(whole.get("format") or whole.get("title" if "properties" in whole else "type", "any"))


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = components[schema["$ref"].rsplit("/", 1)[-1]]
        return found
    if "properties" not in schema and len(choices := [one for one in schema.get("anyOf", []) if "$ref" in one]) == 1:
        return _resolved(choices[0], components)
    return schema


def _paragraphs(text: str) -> list[str]:
    """Text as it stands in the code, without its line ends and Markdown's marks."""
    return [" ".join(part.split()).replace("`", "") for part in text.split("\n\n") if part.strip()]


def _pretty(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
