"""The sender of the current request, for audit records."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest

from audit.identity.principal import Principal

MAX_CERTIFICATE_LENGTH = 300

current: ContextVar[HttpRequest | None] = ContextVar("caller", default=None)
"""None outside a request."""


def facts() -> dict[str, Any]:
    """Fields for an audit record: ``roles`` and ``certificate`` of the caller, without empty ones.

    Empty outside a request.
    """
    request = current.get()
    if request is None:
        return {}
    values = {"roles": roles(request), "certificate": certificate(request)}
    return {name: value for name, value in values.items() if value}


def roles(request: HttpRequest) -> list[str]:
    """The roles of an API caller, sorted; ``superuser`` and ``staff`` for a user of the desk."""
    user: Any = getattr(request, "user", None)
    if isinstance(user, Principal):
        return sorted(user.roles)
    flags = ("superuser", "staff")
    return [name for name in flags if getattr(user, f"is_{name}", False)]


def name(request: HttpRequest) -> str:
    """The signed-in user's name; empty if nobody is signed in."""
    user: Any = getattr(request, "user", None)
    if not getattr(user, "is_authenticated", False):
        return ""
    return str(user.get_username())


def certificate(request: HttpRequest) -> str:
    """The subject of the verified client certificate, at most 300 characters; empty without one."""
    return str(getattr(request, "certificate_subject", ""))[:MAX_CERTIFICATE_LENGTH]
