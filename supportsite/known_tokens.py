"""Tokens that were found good a moment ago. Pure.

Whoever has a token sends it with every request. For so long as nothing can have happened to it, its
signature is not computed again.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

SECONDS = 30.0
"""How much longer a token is believed whose key the identity provider took back."""

MOST = 10_000


class KnownTokens:
    """Claims by token, of which only a digest is kept; the one unused for longest makes room."""

    def __init__(self, *, seconds: float = SECONDS, most: int = MOST) -> None:
        self._seconds, self._most = seconds, most
        self._claims: OrderedDict[bytes, tuple[float, Mapping[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()
        self._secret = secrets.token_bytes(32)

    def get(self, token: str) -> Mapping[str, Any] | None:
        """Its claims, if it is known, was verified no longer ago than that and has not expired."""
        digest = self._digest(token)
        with self._lock:
            until, claims = self._claims.get(digest, (0.0, None))
            if time.time() < until:
                self._claims.move_to_end(digest)
                return claims
            self._claims.pop(digest, None)
            return None

    def keep(self, token: str, claims: Mapping[str, Any]) -> None:
        until = min(time.time() + self._seconds, claims["exp"])
        with self._lock:
            self._claims[self._digest(token)] = until, claims
            while len(self._claims) > self._most:
                self._claims.popitem(last=False)

    def __len__(self) -> int:
        return len(self._claims)

    def _digest(self, token: str) -> bytes:
        # A token may be any text a header can hold.
        return blake2b(token.encode("utf-8", "backslashreplace"), key=self._secret).digest()
