"""Client certificates that could not be believed, as system checks."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from supportsite.edge.production_checks import is_open

UNIX = "unix:"
HINT = "Set PROXY_SECRET, and let NGINX send it; or bind to a unix socket: see deploy/README.md."


@register
def certificates_can_be_believed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What NGINX says of a certificate counts only if it is certain that NGINX said it."""
    if settings.PROXY_SECRETS or not (settings.ENFORCE_MTLS or settings.MTLS_SUBJECTS):
        return []
    if settings.ENFORCE_MTLS and is_open(settings.BIND):
        return [
            Error(
                f"ENFORCE_MTLS is on, and BIND ({settings.BIND}) is open to others than NGINX: "
                "anybody could claim to have a verified certificate, so nobody is believed.",
                hint=HINT,
                id="supportsite.E010",
            )
        ]
    sockets = [bind.strip() for bind in settings.BIND.split(",") if bind.strip().startswith(UNIX)]
    if not sockets:
        return [
            Warning(
                "ENFORCE_MTLS or MTLS_SUBJECTS is set, but nothing tells NGINX from any other "
                f"program that connects to {settings.BIND}: no certificate is believed.",
                hint=HINT,
                id="supportsite.W011",
            )
        ]
    return list(_everybodys(sockets))


def _everybodys(sockets: list[str]) -> Iterator[CheckMessage]:
    for socket in sockets:
        try:
            mode = Path(socket.removeprefix(UNIX)).parent.stat().st_mode
        except OSError:
            # gunicorn will say that it is not there.
            continue
        if mode & stat.S_IXOTH:
            yield Error(
                f"BIND ({socket}) lies in a folder that every user of this machine may enter: "
                "each could claim to have a verified certificate.",
                hint="Leave it to the service and NGINX (chmod o-rwx), or set PROXY_SECRET.",
                id="supportsite.E012",
            )
