"""The API is what its own description says, for requests that fit the description and others."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
import schemathesis
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.specs.openapi.schemas import OpenApiSchema

from supportsite.auth.authentication import issue
from supportsite.tests.test_access import ENDPOINTS, SIGNED
from supportsite.wsgi import application
from tickets.models import Ticket

pytestmark = pytest.mark.slow

ADMIN = {"Authorization": "Bearer " + issue("u1", ["admin"], seconds=3600)}

# A sound request may still name what is not there; a number where text is due is read as text, and
# an empty parameter counts as none.
NOT_PROMISED = [positive_data_acceptance, negative_data_rejection]

# For these nothing in a request can be wrong.
NO_INPUT = {"GET /tickets.csv"}

FITTING = [(endpoint, GenerationMode.POSITIVE) for endpoint in ENDPOINTS]
UNFITTING = [(endpoint, GenerationMode.NEGATIVE) for endpoint in ENDPOINTS.keys() - NO_INPUT]


@cache
def description() -> OpenApiSchema:
    """As the site serves it; read once, since it takes about a second."""
    return schemathesis.openapi.from_wsgi("/schema", application, headers=ADMIN)


@pytest.fixture
def api(kept_connection: None) -> OpenApiSchema:
    # An id that is often tried.
    Ticket.objects.create(pk=0, message="Where is it?", requester="u1")
    return description()


@pytest.mark.parametrize(("endpoint", "mode"), [*FITTING, *sorted(UNFITTING)])
def test_every_reply_is_as_described(endpoint, mode, api):
    method, address = endpoint.split()

    @settings(
        max_examples=6, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=api[address][method].as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(headers=ADMIN, excluded_checks=NOT_PROMISED)

    check()


def test_it_is_described_without_a_warning(tmp_path):
    call_command("spectacular", file=str(tmp_path / "api.yaml"), validate=True, fail_on_warn=True)


def test_other_tools_can_read_the_description(tmp_path):
    """Also defaults and examples, which Spectacular does not compare with their formats."""
    path = tmp_path / "api.json"
    call_command("spectacular", file=str(path), format="openapi-json")

    description = json.loads(path.read_text())
    validate(description)
    operations = [
        operation["operationId"]
        for methods in description["paths"].values()
        for operation in methods.values()
        if "operationId" in operation
    ]
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in operations)
    assert len(operations) == len(set(operations))


def test_every_endpoint_of_the_api_is_described(api):
    operations = [matches.ok() for matches in api.get_all_operations()]

    names = {f"{operation.method.upper()} {operation.path}" for operation in operations}

    assert names == ENDPOINTS.keys() | SIGNED
