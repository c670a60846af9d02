"""Search a collection by Chroma's HTTP API, for processes that only search.

Importing Chroma's own client takes a web server a second of its start and more than 20 MB.
"""

from __future__ import annotations

import os
import threading
from http import HTTPStatus
from typing import Any

import numpy as np
import orjson

from assistant.chroma.entries import OTHER_DIMENSION, check_space
from assistant.chroma.heartbeat import unavailable
from assistant.interfaces import IndexMismatch, Vector
from assistant.matching.entries import faq_of
from tickets.delivery.networks import ANYWHERE

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"


class FaqSearch:
    """The collections of the server at ``url``. Safe to share between threads and forks.

    ``seconds``: the longest time of one request.
    """

    def __init__(self, url: str, *, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self._client: Any = None
        self._client_pid = 0
        self._collection_ids: dict[str, str] = {}
        self._lock = threading.Lock()

    def nearest_faqs(self, name: str, vector: Vector, *, limit: int, category: str) -> list[str]:
        """As of ``interfaces.Index``. Caches the ids of collections.

        Raises ``IndexMismatch`` or ``IndexUnavailable``.
        """
        collection_id = self._collection_ids.get(name) or self._open(name)
        if collection_id is None:
            return []
        query = {
            "query_embeddings": [np.asarray(vector, dtype=np.float32)],
            "n_results": limit,
            "where": {"category": category} if category else None,
            "include": [],
        }
        try:
            result = self._request("POST", f"/{collection_id}/query", query)
            keys = result["ids"][0] if result else []
        except IndexMismatch:
            raise
        except Exception as error:
            raise unavailable(self._url, error) from error
        if result is None:
            # The collection was dropped; another may have been created under the same name.
            self._collection_ids.pop(name, None)
        return list(dict.fromkeys(faq_of(key) for key in keys))

    def _open(self, name: str) -> str | None:
        """The id of the collection, None if there is none of that name."""
        try:
            collection = self._request("GET", f"/{name}")
            if collection is None:
                return None
            check_space(name, collection["configuration_json"])
            self._collection_ids[name] = str(collection["id"])
        except IndexMismatch:
            raise
        except Exception as error:
            raise unavailable(self._url, error) from error
        return self._collection_ids[name]

    def _request(self, method: str, path: str, body: Any = None) -> Any:
        """The reply as JSON; None if there is no such collection."""
        content = None if body is None else orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
        reply = self._http().request(
            method,
            f"{self._url}{COLLECTIONS}{path}",
            content=content,
            headers={"Content-Type": "application/json"},
        )
        if reply.status_code == HTTPStatus.NOT_FOUND:
            return None
        if reply.status_code == HTTPStatus.BAD_REQUEST:
            raise IndexMismatch(OTHER_DIMENSION)
        reply.raise_for_status()
        return orjson.loads(reply.content)

    def _http(self) -> Any:
        from tickets.delivery.http_client import bounded_client

        with self._lock:
            # A connection opened before a fork belongs to the parent.
            if self._client is None or self._client_pid != os.getpid():
                self._client = bounded_client(seconds=self._seconds, allowed=ANYWHERE)
                self._client_pid = os.getpid()
            return self._client


def load_client() -> None:
    """Import the HTTP client. Opens no connection, so the process may fork."""
    from tickets.delivery import http_client  # noqa: F401
