"""Log lines at a terminal: one short line per request, without personal data."""

from __future__ import annotations

import logging

from supportsite.monitoring.console_logs import Filter, Formatter


def record(name: str, message: str, **extra: object) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": name, "levelname": "INFO", "levelno": logging.INFO, "msg": message, **extra}
    )


def request(**extra: object) -> logging.LogRecord:
    fields = {"method": "POST", "route": "ask", "status": 200, "ms": 12.4, **extra}
    return record("supportsite.requests", "request", **fields)


def test_a_request_is_one_short_line():
    line = Formatter().format(request())

    assert line.partition(" ")[2] == "POST /ask 200 12 ms"


def test_a_request_for_an_unknown_path_does_not_show_the_path():
    line = Formatter().format(request(method="", route="", status=404))

    assert line.partition(" ")[2] == "unknown path 404 12 ms"


def test_no_personal_data_gets_into_a_line():
    line = Formatter().format(record("shop", "call 0300 1234567"))

    assert line.partition(" ")[2] == "INFO call [PHONE]"


def test_static_files_and_checkpoints_are_left_out_unless_they_fail():
    assert Filter().filter(request())
    assert not Filter().filter(request(method="", route=""))
    assert Filter().filter(request(method="", route="", status=404))
    assert not Filter().filter(record("audit.sealer", "checkpoint"))
