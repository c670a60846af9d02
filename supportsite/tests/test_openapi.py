"""A developer builds on the schema alone: it is valid, typed, and true of every reply."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from http import HTTPStatus
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from supportsite.tests import reply_scenario
from supportsite.web.problems import problem_type

TOLD_APART = (401, 403, 404, 409, 412, 422, 429)

READING = {"get", "head"}

HOW_TO_ADD = "call it in supportsite/tests/reply_scenario.py, and write the examples again"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    # As programs read it, without Python's own types.
    return json.loads(json.dumps(SchemaGenerator().get_schema(public=True)))


@pytest.fixture(scope="module")
def operations(schema) -> dict[str, dict[str, Any]]:
    """By method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


def resolved(node: Any, schema: dict[str, Any]) -> Any:
    """What a node refers to, one level deep."""
    if "$ref" not in node:
        return node
    target = schema
    for name in node["$ref"].removeprefix("#/").split("/"):
        target = target[name]
    return target


def objects(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object, with its place."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield place, node
        for name, inner in node.items():
            if name not in ("example", "examples"):
                yield from objects(inner, f"{place}/{name}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from objects(inner, f"{place}/{index}")


def _values_of(part: dict[str, Any]) -> dict[str, Any]:
    """The schema of the values of an object with free keys; empty if there is none."""
    values = part.get("additionalProperties")
    return values if isinstance(values, dict) else {}


def documents(operation: dict[str, Any], schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The content of each success, by status and media type."""
    return {
        f"{status} {kind}": content
        for status, response in operation["responses"].items()
        if status.startswith("2")
        for kind, content in resolved(response, schema).get("content", {}).items()
    }


def is_document(content: dict[str, Any]) -> bool:
    """False for a file that is no text."""
    return content["schema"].get("format") != "binary"


# --- As a document --------------------------------------------------------------------------------


def test_it_is_a_valid_openapi_document(schema):
    validate(schema)


def test_it_says_where_the_site_is(schema):
    assert [server["url"] for server in schema["servers"]] == ["/"]


TYPED = {"type", "$ref", "allOf", "oneOf", "anyOf"}

RECORDED = "/components/schemas/Record/properties/data"
"""Each of some hundred actions records something else."""


def test_no_object_is_without_a_type(schema):
    untyped = [
        place
        for place, part in objects({name: schema[name] for name in ("paths", "components")})
        if not part.get("properties") and not TYPED & _values_of(part).keys()
    ]

    assert set(untyped) <= {RECORDED}


def test_no_field_is_without_a_type(schema):
    fields = {
        f"{place}/{name}": field
        for place, part in objects(schema["components"]["schemas"])
        for name, field in part.get("properties", {}).items()
    }

    assert not [place for place, field in fields.items() if not TYPED & field.keys()]


def test_a_default_makes_no_field_of_a_request_required(schema):
    """openapi-typescript requires every field with a default."""
    with_default = [
        f"{place}/{name}"
        for place, part in objects(schema["components"]["schemas"])
        for name, field in part.get("properties", {}).items()
        if "default" in field
    ]

    assert not with_default
    assert schema["components"]["schemas"]["AskRequest"]["required"] == ["message"]
    assert "required" not in schema["components"]["schemas"]["PatchedDraftRequest"]


# --- Every operation ------------------------------------------------------------------------------


def test_every_operation_has_a_summary_and_a_name_for_a_function(operations):
    names = [operation["operationId"] for operation in operations.values()]

    assert all(operation["summary"] for operation in operations.values())
    assert all(name.isidentifier() and not name.startswith("_") for name in names)
    assert len(set(names)) == len(names)


def test_every_request_with_a_json_body_has_an_example_that_fits(schema, operations, strictly):
    for name, operation in operations.items():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content and resolved(content["schema"], schema).get("required"):
            assert "example" in content, f"{name}: add it to REQUEST_EXAMPLES"
            strictly(content["schema"]).validate(content["example"])


def test_every_reply_with_a_text_has_an_example(schema, operations):
    for name, operation in operations.items():
        for kind, content in documents(operation, schema).items():
            if is_document(content):
                assert "example" in content, f"{name}, {kind}: {HOW_TO_ADD}"


def test_every_example_of_a_reply_fits_its_schema(schema, operations, strictly):
    for operation in operations.values():
        for content in documents(operation, schema).values():
            if "example" in content:
                strictly(content["schema"]).validate(content["example"])


def test_a_path_can_be_tried_without_inventing_a_value(operations):
    for name, operation in operations.items():
        for parameter in operation.get("parameters", []):
            if parameter.get("required"):
                assert "example" in parameter, f"{name}: add it to PARAMETER_EXAMPLES"


# --- Errors ---------------------------------------------------------------------------------------


def test_the_errors_of_every_operation_are_told_apart(schema, operations):
    for name, operation in operations.items():
        responses = operation["responses"]
        assert {"401", "403", "429"} <= responses.keys(), name
        assert ("404" in responses) >= ("{" in name), name
        for status in TOLD_APART:
            if str(status) in responses:
                problem = resolved(responses[str(status)], schema)
                example = problem["content"]["application/problem+json"]["example"]
                assert example["type"] == problem_type(status)
                assert example["status"] == status


def test_each_status_has_a_type_of_its_own():
    assert len({problem_type(status) for status in TOLD_APART}) == len(TOLD_APART)
    assert problem_type(404).endswith(HTTPStatus(404).phrase.lower().replace(" ", "-"))


def test_who_writes_is_told_of_conflicts_and_lost_updates(operations):
    assert "412" in operations["PATCH /faqs/{faq_id}"]["responses"]
    for name, operation in operations.items():
        if not name.startswith(("GET", "HEAD")):
            assert "422" in operation["responses"], name


def test_a_limited_reply_says_how_long_to_wait(schema):
    headers = schema["components"]["responses"]["TooManyRequests"]["headers"]

    assert {"Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID"} <= headers.keys()


# --- True of real replies -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strictly(schema) -> Callable[[dict[str, Any]], OAS31Validator]:
    """For a schema: checks a document, and that it has no field which the schema does not name."""
    closed = deepcopy(schema)
    composed = {id(member) for _, part in _nodes(closed) for member in part.get("allOf", ())}
    for _, part in objects(closed["components"]["schemas"]):
        if "properties" in part and id(part) not in composed:
            part.setdefault("additionalProperties", False)
    return lambda of: OAS31Validator({**of, "components": closed["components"]})


def _nodes(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield "", node
        for inner in node.values():
            yield from _nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _nodes(inner)


@pytest.mark.slow
@pytest.mark.django_db
def test_every_reply_has_the_fields_that_the_schema_names_and_no_others(
    as_role, schema, operations, strictly
):
    replies = reply_scenario.replies(as_role)
    if os.environ.get("WRITE_EXAMPLES"):
        reply_scenario.write(replies)
    described = {
        f"{operation['operationId']} {kind.split()[0]}": content["schema"]
        for operation in operations.values()
        for kind, content in documents(operation, schema).items()
        if is_document(content)
    }

    for name, reply in replies:
        errors = [
            f"{error.json_path}: {error.message[:300]}"
            for error in strictly(described[name]).iter_errors(reply)
        ]
        assert not errors, name
    assert described.keys() <= {name for name, _ in replies}, HOW_TO_ADD
