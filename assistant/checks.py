"""Settings of the assistant that cannot be right."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

# Chroma's rule for names, less the 17 characters a release's fingerprint adds.
_COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,480}[A-Za-z0-9]")

_REMOTE = re.compile(r"https?://[^/@?#\s]+(/[^@?#\s]*)?")


@register
def settings_are_sound(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.FAQ_POLICY not in ("release", "confidence", "cosine"):
        found.append(
            Error(
                f"FAQ_POLICY is {settings.FAQ_POLICY!r}.",
                hint="Use release, confidence, or cosine for the published rule.",
                id="assistant.E001",
            )
        )
    if settings.EMBEDDINGS_URL and not _REMOTE.fullmatch(settings.EMBEDDINGS_URL):
        found.append(
            Error(
                "EMBEDDINGS_URL is no address, or has credentials in it.",
                hint="Such as http://embeddings:8080/v1; the key is EMBEDDINGS_API_KEY.",
                id="assistant.E009",
            )
        )
    if not _COLLECTION.fullmatch(settings.FAQ_COLLECTION_NAME):
        found.append(
            Error(
                f"FAQ_COLLECTION_NAME {settings.FAQ_COLLECTION_NAME!r} is no name for Chroma.",
                hint="Letters, digits, dots, dashes and underscores; at least three.",
                id="assistant.E002",
            )
        )
    if settings.CHROMA_URL and not re.match(r"https?://[^/]", settings.CHROMA_URL):
        found.append(
            Error(
                f"CHROMA_URL {settings.CHROMA_URL!r} is no address.",
                hint="Such as http://chroma:8000.",
                id="assistant.E003",
            )
        )
    return found
