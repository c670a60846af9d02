"""EMAIL_URL -> Django's settings for mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
"""With the default ports: unencrypted, STARTTLS, and TLS from the start."""

FILES = "django.core.mail.backends.filebased.EmailBackend"
"""The backend where no mail server is set."""

SECONDS = 10
"""Timeout; a slower mail server is tried again later."""


def settings(url: str, *, fallback: Path) -> dict[str, Any]:
    """Such as ``smtp+tls://user:password@host:587``; without one, mails are files in ``fallback``.

    Raises ``ValueError``.
    """
    if not url:
        return {"EMAIL_BACKEND": FILES, "EMAIL_FILE_PATH": str(fallback)}
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
