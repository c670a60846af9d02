"""Log lines for a person at a terminal: short, in plain text, without personal data."""

from __future__ import annotations

import logging
from datetime import datetime

from audit.privacy.gateway import Channel, redact_outbound

REQUESTS = "supportsite.requests"
CHECKPOINTS = "audit.sealer"


class Formatter(logging.Formatter):
    """``14:02:11 POST ask 200 12 ms`` for a request; ``14:02:11 WARNING text`` for the rest."""

    def format(self, record: logging.LogRecord) -> str:
        time = f"{datetime.fromtimestamp(record.created):%H:%M:%S}"
        if record.name == REQUESTS:
            fields = vars(record)
            # Only a known route is shown: a path may hold what a person typed.
            request = (
                f"{fields['method']} /{fields['route']}" if fields["method"] else "unknown path"
            )
            return f"{time} {request} {fields['status']} {fields['ms']:.0f} ms"
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        redacted: str = redact_outbound(Channel.LOGS, text)
        return f"{time} {record.levelname} {redacted}"


class Filter(logging.Filter):
    """Drops the many lines that nobody at a terminal reads: static files and checkpoints."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.INFO:
            return True
        if record.name == REQUESTS:
            return bool(vars(record).get("method")) or vars(record).get("status", 0) >= 400
        return record.name != CHECKPOINTS
