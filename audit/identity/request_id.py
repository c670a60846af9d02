"""The id of the request being served, for log lines, records and error documents."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar

from audit.privacy.redaction import kinds

current: ContextVar[str] = ContextVar("request_id", default="")
"""Empty outside a request."""

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


def accept(offered: str | None) -> str:
    """``offered`` if it is a plain token without personal data, else a new id."""
    if offered and _ACCEPTED.fullmatch(offered) and not kinds(offered):
        return offered
    return secrets.token_hex(16)
