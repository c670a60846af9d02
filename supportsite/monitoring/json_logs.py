"""Log lines as JSON, with the request's id and without personal data."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any

import orjson

from audit.identity import request_id
from audit.privacy.gateway import Channel, redact_outbound

# Attributes of every log record (Python 3.12 adds taskName), and Django's request object.
_NO_EXTRAS = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "request"}


class Formatter(logging.Formatter):
    """One JSON object a line: time, request_id, level, logger, message and extras."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["exc_info"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack_info"] = self.formatStack(record.stack_info)
        fields |= {name: value for name, value in vars(record).items() if name not in _NO_EXTRAS}
        # Twice: the values as written, since JSON escapes line breaks; then the line, for values
        # that are not strings.
        line: str = redact_outbound(Channel.LOGS, _as_json(redact_outbound(Channel.LOGS, fields)))
        # Not redacted: our own digits, which could look like a phone number.
        return _opening(record) + line[1:]


def _opening(record: logging.LogRecord) -> str:
    second = datetime.fromtimestamp(record.created).isoformat(" ", "seconds")
    opening = f'{{"time":"{second},{int(record.msecs):03d}",'
    identifier = request_id.current.get()
    return f'{opening}"request_id":"{identifier}",' if identifier else opening


def _as_json(fields: dict[str, Any]) -> str:
    # Not escaped, so that redaction recognises digits of other scripts.
    try:
        return orjson.dumps(fields, default=str).decode()
    except TypeError:
        # orjson accepts no lone surrogate and no integer over 64 bits.
        return json.dumps(fields, ensure_ascii=False, default=str)
