"""Reach a Chroma server over HTTP. The only module that imports chromadb."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from assistant.chroma.entries import OTHER_DIMENSION
from assistant.chroma.heartbeat import ping, unavailable
from assistant.interfaces import IndexMismatch, IndexUnavailable

CONNECT_SECONDS = 2.0
READ_SECONDS = 30.0


class ChromaConnection:
    """A connection to the server at ``url``, opened at first use. Safe for threads and forks.

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
                with self.translated_errors():
                    self._client = _connect(self._url, self._read_seconds)
                self._client_pid = os.getpid()
            return self._client

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Translate Chroma's exceptions.

        Raises ``IndexUnavailable`` or ``IndexMismatch``.
        """
        try:
            yield
        except ImportError as error:
            raise IndexUnavailable("chromadb is not installed: pip install chromadb") from error
        except Exception as error:
            if isinstance(error, _errors().InvalidArgumentError):
                raise IndexMismatch(OTHER_DIMENSION) from error
            raise unavailable(self._url, error) from error


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("CHROMA_URL must look like http://127.0.0.1:8000, without credentials")
    return url.rstrip("/")


def _connect(url: str, read_seconds: float) -> Any:
    """A Chroma client with time limits, without telemetry, proxy and environment variables."""
    host = urlsplit(url).hostname or ""
    with _without_chroma_settings(), _without_proxy_for(host):
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        client: Any = chromadb.HttpClient(host=url, settings=settings)
    # Chroma has no parameter for timeouts. In order: connect, read, write, pool.
    client._server._session.timeout = (CONNECT_SECONDS, *[read_seconds] * 3)
    return client


def missing_collection_error() -> type[Exception]:
    """The exception that Chroma raises for a missing collection."""
    error_class: type[Exception] = _errors().NotFoundError
    return error_class


def _errors() -> Any:
    import chromadb.errors

    return chromadb.errors


@contextmanager
def _without_chroma_settings() -> Iterator[None]:
    """Keep ``import chromadb`` from reading ``.env`` and variables such as MIGRATIONS.

    Chroma reads its settings there at import, and fails on values meant for other programs.
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
    """Exempt our server from the proxy; clients read the variable when they are created."""
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
