"""Log lines: JSON, with the request's id, without personal data."""

from __future__ import annotations

import json
import logging

import pytest

from audit.identity import request_id
from supportsite.monitoring.json_logs import Formatter

pytestmark = pytest.mark.slow


def line(message: str, **extra: object) -> dict[str, object]:
    record = logging.makeLogRecord({"name": "shop", "levelname": "INFO", "msg": message, **extra})
    read: dict[str, object] = json.loads(Formatter().format(record))
    return read


def test_a_line_says_when_and_in_which_request():
    token = request_id.current.set("request-0001")
    try:
        written = line("done", status=200)
    finally:
        request_id.current.reset(token)

    time = written.pop("time")
    assert written == {
        **{"request_id": "request-0001", "level": "INFO", "logger": "shop"},
        **{"message": "done", "status": 200},
    }
    assert str(time).startswith("20")


def test_no_personal_data_gets_into_a_line():
    written = line("call 0300 1234567", who="jo@example.com")

    assert (written["message"], written["who"]) == ("call [PHONE]", "[EMAIL]")


@pytest.mark.parametrize("offered", ["0300-1234567", "4111111111111111", "192.168.10.10"])
def test_a_request_id_that_is_personal_data_is_not_taken(offered, client):
    reply = client.get("/healthz", headers={"X-Request-ID": offered})

    assert reply["X-Request-ID"] != offered


def test_a_request_id_of_the_callers_own_is_taken(client):
    reply = client.get("/healthz", headers={"X-Request-ID": "order-4711.a"})

    assert reply["X-Request-ID"] == "order-4711.a"


def test_a_failure_is_logged_with_its_traceback():
    try:
        raise ValueError("no such number: 0300 1234567")
    except ValueError as failure:
        written = line("failed", exc_info=(type(failure), failure, failure.__traceback__))

    assert str(written["exc_info"]).startswith("Traceback (most recent call last):\n")
    assert str(written["exc_info"]).endswith("ValueError: no such number: [PHONE]")


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        pytest.param(ValueError("0300 1234567"), "[PHONE]", id="an object, by its text"),
        pytest.param("half \ud83d", "half \ud83d", id="half a character"),
        pytest.param(2**70, 2**70, id="a number of more than 64 bits"),
        pytest.param({"then": ["jo@example.com"]}, {"then": ["[EMAIL]"]}, id="lists and objects"),
    ],
)
def test_whatever_is_handed_over_is_written(extra, expected):
    assert line("done", more=extra)["more"] == expected
