"""Reach a Chroma server over HTTP. The only module that imports chromadb."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from assistant.chroma.server import ping, unavailable
from assistant.interfaces import IndexMismatch, IndexUnavailable

CONNECT_SECONDS = 2.0
READ_SECONDS = 30.0


class ChromaConnection:
    """To the server at ``url``; opened when first needed. Safe to share by threads and forks.

    ``read_seconds``: the longest wait for a reply. Raises ``ValueError`` unless ``url`` is a plain
    http(s) address without credentials.
    """

    def __init__(self, url: str, *, read_seconds: float = READ_SECONDS) -> None:
        self._read_seconds = read_seconds
        self._url = _checked_url(url)
        self._client: Any = None
        self._client_pid = 0
        self._connecting = threading.Lock()

    def ping(self) -> None:
        """Return if the server answers; does not import chromadb. Raises ``IndexUnavailable``."""
        ping(self._url)

    def client(self) -> Any:
        """Chroma's own client. Raises ``IndexUnavailable``."""
        with self._connecting:
            # A connection opened before a fork belongs to the parent.
            if self._client is None or self._client_pid != os.getpid():
                ping(self._url)
                with self.speaking():
                    self._client = _connect(self._url, self._read_seconds)
                self._client_pid = os.getpid()
            return self._client

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Whatever goes wrong between us and Chroma, in our words.

        Raises ``IndexUnavailable`` or ``IndexMismatch``.
        """
        try:
            yield
        except ImportError as error:
            raise IndexUnavailable("chromadb is not installed: pip install chromadb") from error
        except Exception as error:
            if isinstance(error, _errors().InvalidArgumentError):
                raise IndexMismatch(
                    "the collection does not take vectors of this dimension; rebuild it"
                ) from error
            raise unavailable(self._url, error) from error


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("CHROMA_URL must look like http://127.0.0.1:8000, without credentials")
    return url.rstrip("/")


def load_client() -> None:
    """Import chromadb, which takes a second. Opens no connection, so that forks may follow."""
    with _reading_no_settings():
        import chromadb  # noqa: F401


def _connect(url: str, read_seconds: float) -> Any:
    """A Chroma client with telemetry off, time limits, no proxy and no settings but these."""
    host = urlsplit(url).hostname or ""
    with _reading_no_settings(), _without_proxy_for(host):
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        client: Any = chromadb.HttpClient(host=url, settings=settings)
    # Chroma sets none, and has no parameter for it. In order: connect, read, write, pool.
    client._server._session.timeout = (CONNECT_SECONDS, *[read_seconds] * 3)
    return client


def not_found() -> type[Exception]:
    """What Chroma raises for a collection that is not there."""
    kind: type[Exception] = _errors().NotFoundError
    return kind


def _errors() -> Any:
    import chromadb.errors

    return chromadb.errors


@contextmanager
def _reading_no_settings() -> Iterator[None]:
    """Keep ``import chromadb`` from reading ``.env`` and variables such as MIGRATIONS.

    It takes its settings from there while it is imported and fails on what was meant for others.
    """
    from pydantic_settings import BaseSettings

    base: Any = BaseSettings
    init = base.__init__

    @wraps(init)
    def init_from_arguments(self: Any, **values: Any) -> None:
        init(self, **{"_env_file": None, "_env_prefix": "NOT_FOR_CHROMADB_", **values})

    base.__init__ = init_from_arguments
    try:
        yield
    finally:
        base.__init__ = init


@contextmanager
def _without_proxy_for(host: str) -> Iterator[None]:
    """A proxy for the world outside does not know our servers; clients read this when made."""
    before = os.environ.get("no_proxy")
    exempt = before or os.environ.get("NO_PROXY", "")
    os.environ["no_proxy"] = f"{exempt},{host}" if exempt else host
    try:
        yield
    finally:
        if before is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = before
