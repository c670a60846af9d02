"""Replies are written fast, and say what the framework's own would."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from rest_framework.renderers import JSONRenderer

from supportsite.renderers import FastJSONRenderer

JSON = "application/json"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"text": "ثنا é \u2028", "similarity": [0.5, -1, None, True]}, id="plain"),
        pytest.param([datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), date(2026, 1, 2)], id="dates"),
        pytest.param({"id": UUID(int=7), "bytes": b"x"}, id="what JSON has no word for"),
        pytest.param([2**70, 2**53], id="numbers of more than 64 bits"),
        pytest.param({1: "one"}, id="a key that is a number"),
    ],
)
def test_it_writes_what_the_framework_writes(data):
    told = json.loads(FastJSONRenderer().render(data, JSON, {}))

    assert told == json.loads(JSONRenderer().render(data, JSON, {}))


def test_whoever_asks_for_an_indent_gets_it():
    assert b'\n    "a"' in FastJSONRenderer().render({"a": 1}, f"{JSON}; indent=4", {})


def test_nothing_is_nothing():
    assert FastJSONRenderer().render(None, JSON, {}) == b""
