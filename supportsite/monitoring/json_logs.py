"""Log lines as JSON, with the request's id and without personal data."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any

import orjson

from audit.identity import request_id
from audit.privacy.gateway import Channel, redact_outbound

# What logging itself puts into a record, Python 3.12 also a task's name. Django hands over the
# request object as well, which is not for a log.
_NO_EXTRAS = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "request"}


class Formatter(logging.Formatter):
    """One JSON object a line: time, request_id, level, logger, message and the extras given."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["exc_info"] = self.formatException(record.exc_info)
        if record.stack_info:
            told["stack_info"] = self.formatStack(record.stack_info)
        told |= {name: value for name, value in vars(record).items() if name not in _NO_EXTRAS}
        # Before it is JSON, where a line break is a letter to whoever looks for numbers; what is no
        # text yet is looked through with the line.
        line: str = redact_outbound(Channel.LOGS, _as_json(redact_outbound(Channel.LOGS, told)))
        # Not looked through: digits of our own, which would take long and may look like a phone.
        return _opening(record) + line[1:]


def _opening(record: logging.LogRecord) -> str:
    second = datetime.fromtimestamp(record.created).isoformat(" ", "seconds")
    opening = f'{{"time":"{second},{int(record.msecs):03d}",'
    asked = request_id.current.get()
    return f'{opening}"request_id":"{asked}",' if asked else opening


def _as_json(told: dict[str, Any]) -> str:
    # Escaped, the digits of other scripts would not be seen for what they are.
    try:
        return orjson.dumps(told, default=str).decode()
    except TypeError:
        # It takes no lone surrogate, and no number of more than 64 bits.
        return json.dumps(told, ensure_ascii=False, default=str)
