"""Talk to an identity provider: JSON over HTTPS, one deadline, whatever the other side does."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from supportsite.secrets import keep

SECONDS = 2.0
"""For everything: connecting, TLS, sending, and the reply to its last byte."""

MOST_BYTES = 256 * 1024

NEAR = ("localhost", "127.0.0.1", "::1")


class ProviderFailed(Exception):
    """There was no reply that can be used, and why."""


def address(text: str) -> str:
    """An address to trust keys from: https, or http to this machine or a container beside it."""
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.username):
        raise ValueError(f"an address such as https://login.example.com/keys, not {text!r}")
    if parts.scheme == "http" and "." in (parts.hostname or "") and parts.hostname not in NEAR:
        raise ValueError("an https address: whoever is on the way could put in keys")
    return text


def get(url: str, *, seconds: float = SECONDS) -> Any:
    """The JSON at an address. Redirects are not followed: they are a reply like any other."""
    return _exchange("GET", url, b"", {}, seconds)


def post(url: str, form: Mapping[str, str], *, seconds: float = SECONDS) -> Any:
    """The JSON that a form is answered with."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return _exchange("POST", url, urlencode(form).encode(), headers, seconds)


def _exchange(
    method: str, url: str, body: bytes, headers: Mapping[str, str], seconds: float
) -> Any:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=seconds)
    # A time-out counts from byte to byte; this one ends a reply that drips, and its headers.
    connected: list[socket.socket] = []
    deadline = threading.Timer(seconds, _cut, [connection, connected])
    deadline.daemon = True
    deadline.start()
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    started = time.monotonic()
    try:
        connection.connect()
        # The connection lets go of it before a body without a length is read.
        connected.append(connection.sock)
        connection.request(method, target, body, {"Accept": "application/json", **headers})
        reply = connection.getresponse()
        text = reply.read(MOST_BYTES + 1)
        if reply.status != 200:
            raise ProviderFailed(f"status {reply.status}")
        if len(text) > MOST_BYTES:
            raise ProviderFailed("too long")
        # What is cut off in a body without a length looks like its end.
        if time.monotonic() - started > seconds:
            raise ProviderFailed("too slow")
        return json.loads(text)
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as failure:
        raise ProviderFailed(f"{type(failure).__name__}: {failure}") from None
    finally:
        deadline.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection, connected: Sequence[socket.socket]) -> None:
    for each in (connection.sock, *connected):
        with suppress(OSError, AttributeError):
            each.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class KeptInFile:
    """The last good keys of one provider, for the next process: public, but ours to write."""

    file: Path
    url: str

    def load(self) -> tuple[float, Any] | None:
        try:
            kept = json.loads(self.file.read_text())
        except FileNotFoundError:
            return None
        if not isinstance(kept, dict) or kept.get("url") != self.url:
            return None
        return float(kept["fetched_at"]), kept["document"]

    def save(self, fetched_at: float, document: Any) -> None:
        content = {"url": self.url, "fetched_at": fetched_at, "document": document}
        # Renamed into place, so that nobody reads half of it.
        new = self.file.with_suffix(f".{threading.get_native_id()}")
        keep(new, json.dumps(content))
        new.replace(self.file)
