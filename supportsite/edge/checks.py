"""System checks: client certificates that could be forged."""

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
