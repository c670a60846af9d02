"""The id of the request being served, for log lines, records and error documents."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

from audit.privacy.redaction import kinds

current: ContextVar[str] = ContextVar("request_id", default="")
"""Empty outside a request."""

_VALID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


def accept(header: str | None) -> str:
    """The caller's ``X-Request-ID`` if it is valid, else a new id of 32 hexadecimal digits.

    Valid are 8 to 64 letters, digits, dots, underscores and hyphens without personal data.
    """
    if header and _VALID.fullmatch(header) and not kinds(header):
        return header
    return secrets.token_hex(16)
