"""EMAIL_URL -> the settings Django sends mail by."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
"""Each with its usual port: in the clear, with STARTTLS, with TLS from the start."""

SECONDS = 10
"""A mail server that takes longer is tried again later."""


def settings(url: str, *, otherwise: Path) -> dict[str, Any]:
    """Such as ``smtp+tls://user:password@host:587``; with none, mails are files in ``otherwise``.

    Raises ``ValueError``.
    """
    if not url:
        backend = "django.core.mail.backends.filebased.EmailBackend"
        return {"EMAIL_BACKEND": backend, "EMAIL_FILE_PATH": str(otherwise)}
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError("like smtp+tls://user:password@host:587, or smtps:// or smtp://")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or SCHEMES[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": SECONDS,
    }
