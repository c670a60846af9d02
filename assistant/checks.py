"""System checks of the assistant's settings."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

# Chroma's rule for names, less the 17 characters a release's fingerprint adds.
_COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,480}[A-Za-z0-9]")

_REMOTE = re.compile(r"https?://[^/@?#\s]+(/[^@?#\s]*)?")


@register
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if settings.FAQ_POLICY not in ("release", "confidence", "cosine"):
        messages.append(
            Error(
                f"FAQ_POLICY is {settings.FAQ_POLICY!r}, which is not a policy.",
                hint="Use release, confidence or cosine.",
                id="assistant.E001",
            )
        )
    if settings.EMBEDDINGS_URL and not _REMOTE.fullmatch(settings.EMBEDDINGS_URL):
        messages.append(
            Error(
                "EMBEDDINGS_URL is not an http(s) URL, or it contains credentials.",
                hint="For example http://embeddings:8080/v1. Put the key into EMBEDDINGS_API_KEY.",
                id="assistant.E009",
            )
        )
    if not _COLLECTION.fullmatch(settings.FAQ_COLLECTION_NAME):
        messages.append(
            Error(
                f"FAQ_COLLECTION_NAME {settings.FAQ_COLLECTION_NAME!r} is not a valid Chroma name.",
                hint="Use at least three letters, digits, dots, dashes or underscores.",
                id="assistant.E002",
            )
        )
    if settings.CHROMA_URL and not re.match(r"https?://[^/]", settings.CHROMA_URL):
        messages.append(
            Error(
                f"CHROMA_URL {settings.CHROMA_URL!r} is not an http(s) URL.",
                hint="For example http://chroma:8000.",
                id="assistant.E003",
            )
        )
    return messages
