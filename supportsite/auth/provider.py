"""JSON over HTTPS with an identity provider, with a deadline and a size limit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tickets.delivery.networks import ANYWHERE

SECONDS = 2.0
"""For one exchange, from the look-up of the name to the last byte of the reply."""

MAX_BYTES = 256 * 1024

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ProviderFailed(Exception):
    """The provider sent no usable reply; the text says why."""


def address(text: str) -> str:
    """A URL to fetch keys from: https, or http to this machine or a neighbouring container."""
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.username):
        raise ValueError(f"an address such as https://login.example.com/keys, not {text!r}")
    if parts.scheme == "http" and "." in (parts.hostname or "") and parts.hostname not in LOOPBACK:
        raise ValueError("an https address: over http, others on the network could replace keys")
    return text


def get(url: str, *, seconds: float = SECONDS) -> Any:
    """The JSON at ``url``; a redirect is a failure. Raises ``ProviderFailed``."""
    return _exchange("GET", url, seconds)


def post(url: str, form: Mapping[str, str]) -> Any:
    """The JSON that answers a form. Raises ``ProviderFailed``."""
    return _exchange("POST", url, SECONDS, data=dict(form))


def _exchange(method: str, url: str, seconds: float, **content: Any) -> Any:
    # httpx takes a tenth of a second to import; most sites have no provider.
    from tickets.delivery.http_client import FAILURES, bounded_client

    try:
        with bounded_client(seconds=seconds, max_bytes=MAX_BYTES, allowed=ANYWHERE) as client:
            reply = client.request(method, url, headers={"Accept": "application/json"}, **content)
        if reply.status_code != 200:
            raise ProviderFailed(f"status {reply.status_code}")
        return json.loads(reply.content)
    except (*FAILURES, RecursionError) as failure:
        raise ProviderFailed(f"{type(failure).__name__}: {failure}") from None
