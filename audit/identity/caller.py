"""What is known of whoever sent the request being served, for its records."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest

from audit.identity.principal import Principal

LONGEST_CERTIFICATE = 300

current: ContextVar[HttpRequest | None] = ContextVar("caller", default=None)
"""None outside a request."""


def facts() -> dict[str, Any]:
    """The roles, and the client certificate's subject if there is one."""
    request = current.get()
    if request is None:
        return {}
    known = {"roles": roles(request), "certificate": certificate(request)}
    return {name: value for name, value in known.items() if value}


def roles(request: HttpRequest) -> list[str]:
    user: Any = getattr(request, "user", None)
    if isinstance(user, Principal):
        return sorted(user.roles)
    standing = ("superuser", "staff")
    return [name for name in standing if getattr(user, f"is_{name}", False)]


def name(request: HttpRequest) -> str:
    """Who it is, as far as that is known; empty for nobody."""
    user: Any = getattr(request, "user", None)
    if not getattr(user, "is_authenticated", False):
        return ""
    return str(user.get_username())


def certificate(request: HttpRequest) -> str:
    """The subject of the client certificate that a middleware has found to be verified."""
    return str(getattr(request, "certificate_subject", ""))[:LONGEST_CERTIFICATE]
