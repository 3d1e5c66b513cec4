"""Completes the OpenAPI description: the problems each operation may answer with, and an example for everything."""

from __future__ import annotations

from typing import Any

from ninja.openapi.schema import OpenAPISchema

from caseway.api import problems

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Where this kind of problem is explained"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The cause and the fix"},
        "errors": {
            "type": "array",
            "description": "Values that cannot be used",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
ALWAYS = (problems.NOT_SIGNED_IN, problems.INVALID, problems.TOO_MANY, problems.INTERNAL)
WRITES = (problems.BAD_REQUEST, problems.NOT_ALLOWED, problems.STALE, problems.TOO_LARGE)
METHODS = ("get", "post", "put", "patch", "delete")


def finish(schema: OpenAPISchema) -> OpenAPISchema:
    """The same description with problems and examples put in."""
    components = schema["components"]["schemas"]
    components["Problem"] = PROBLEM_SCHEMA
    for path, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                _finish_operation(operations[method], method, "{" in path, components)
    return schema


def example_of(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """A value as the schema describes it, made of its fields' own examples."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rsplit("/", 1)[-1]], components)
    for key in ("example", "default", "const"):
        if key in schema and not (key == "default" and "examples" in schema):
            return schema[key]
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return example_of(schema[union][0], components)
    if schema.get("type") == "array":
        return [example_of(schema["items"], components)]
    if "properties" in schema:
        return {name: example_of(value, components) for name, value in schema["properties"].items()}
    return {"string": "", "integer": 1, "number": 1.0, "boolean": False, "null": None}.get(schema.get("type", ""), {})


def _finish_operation(operation: dict[str, Any], method: str, names_one: bool, components: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        parameter["example"] = example_of(parameter["schema"], components)
        parameter.pop("examples", None)
        if parameter["name"] == "number":
            parameter["schema"] |= {"pattern": "^(CW-)?[1-9][0-9]{0,17}$", "examples": ["1042"]}
            parameter["example"] = "1042"
        parameter.setdefault("description", _PATH_WORDS.get(parameter["name"], ""))
    contents = [response.get("content", {}) for response in operation["responses"].values()]
    for content in [operation.get("requestBody", {}).get("content", {}), *contents]:
        for media_type, media in content.items():
            if media_type == "application/json":
                media["example"] = example_of(media["schema"], components)
            else:
                media.setdefault("example", _BYTES)
    kinds = [*ALWAYS, *((problems.NOT_FOUND,) if names_one else ()), *(WRITES if method != "get" else ())]
    for kind in sorted(kinds, key=lambda kind: kind.status):
        operation["responses"].setdefault(kind.status, _problem(kind))


def _problem(kind: problems.Kind) -> dict[str, Any]:
    example = {"type": kind.address, "title": kind.title, "status": kind.status, "detail": kind.meaning}
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    return {"description": f"{kind.title}. {kind.meaning}", "content": content}


_BYTES = "From: Parker Ehlers <parker@ehlers.example>\r\nSubject: Parcel\r\n\r\nHello\r\n"
_PATH_WORDS = {
    "number": "A case's number, `1042` or `CW-1042`",
    "message_id": "A message's id",
    "attachment_id": "An attachment's id",
    "contact_id": "A contact's id",
    "inbound_id": "The id of a row of the ledger",
    "rule_id": "The id of an ignored sender",
    "pause_id": "The id of something paused",
    "outbound_id": "The id of a mail of the outbox",
    "address_id": "The id of a connected address",
    "import_id": "The id of an import of older mail",
    "diagnosis_id": "The id of a diagnosis",
}
