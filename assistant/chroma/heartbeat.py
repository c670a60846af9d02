"""Check that a Chroma server answers, without importing chromadb."""

from __future__ import annotations

import json
import urllib.request
from http.client import HTTPException

from assistant.interfaces import IndexUnavailable

PING_SECONDS = 2.0


def ping(url: str) -> None:
    """Return if the Chroma server at ``url`` answers; raise ``IndexUnavailable`` otherwise.

    Uses no proxy.
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/api/v2/heartbeat", timeout=PING_SECONDS) as response:
            json.loads(response.read(1_000))["nanosecond heartbeat"]
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        raise unavailable(url, error) from error


def unavailable(url: str, error: BaseException) -> IndexUnavailable:
    """The exception for a server that failed; names the class of ``error``, not its text."""
    error_class = type(error).__name__
    return IndexUnavailable(
        f"Chroma at {url} does not answer ({error_class}): start it, or check CHROMA_URL"
    )
