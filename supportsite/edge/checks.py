"""System checks: client certificates that could be forged, or that no browser sends."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from supportsite.edge.production_checks import is_open

UNIX = "unix:"
HINT = "Set PROXY_SECRET, and let NGINX send it; or bind to a unix socket: see docs/operations.md."


@register
def certificates_are_trustworthy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Headers about a certificate are trusted only if they certainly come from NGINX."""
    if settings.PROXY_SECRETS or not (settings.ENFORCE_MTLS or settings.MTLS_SUBJECTS):
        return []
    if settings.ENFORCE_MTLS and is_open(settings.BIND):
        return [
            Error(
                f"ENFORCE_MTLS is on, and BIND ({settings.BIND}) is open to others than NGINX: "
                "anybody could claim to have a verified certificate, so all are refused.",
                hint=HINT,
                id="supportsite.E010",
            )
        ]
    sockets = [bind.strip() for bind in settings.BIND.split(",") if bind.strip().startswith(UNIX)]
    if not sockets:
        return [
            Warning(
                "ENFORCE_MTLS or MTLS_SUBJECTS is set, but NGINX cannot be told from another "
                f"program that connects to {settings.BIND}: no certificate is accepted.",
                hint=HINT,
                id="supportsite.W011",
            )
        ]
    return list(_open_sockets(sockets))


@register
def pages_can_send_certificates(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A browser sends no client certificate with a request that has no credentials."""
    if not (settings.ENFORCE_MTLS and settings.CORS_ALLOWED_ORIGINS):
        return []
    return [
        Warning(
            "CORS_ORIGINS has no effect with ENFORCE_MTLS: a page of another origin cannot send "
            "a client certificate.",
            hint="Let your own server call the API, or unset one of them.",
            id="supportsite.W013",
        )
    ]


def _open_sockets(sockets: list[str]) -> Iterator[CheckMessage]:
    for socket in sockets:
        try:
            mode = Path(socket.removeprefix(UNIX)).parent.stat().st_mode
        except OSError:
            # gunicorn reports that it is missing.
            continue
        if mode & stat.S_IXOTH:
            yield Error(
                f"BIND ({socket}) lies in a folder that every user of this machine may enter: "
                "anybody could claim to have a verified certificate.",
                hint="Leave it to the service and NGINX (chmod o-rwx), or set PROXY_SECRET.",
                id="supportsite.E012",
            )
