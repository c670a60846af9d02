"""The keys of an identity provider: fetched in the background, kept while it is away.

Pure: how a document is fetched and where the last one is kept is handed in. The document is a JSON
Web Key Set (RFC 7517). A token names its key by ``kid``; what may be done with a key is decided by
the key (RFC 8725 section 3.1), never by the token.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

import jwt

FRESH = 300.0
"""Seconds after which keys are fetched anew, so that one the provider took back is refused."""

AGAIN = 5.0
"""Least seconds between two attempts, whatever is asked for."""

LONGEST_PAUSE = 60.0
"""Seconds between attempts while the provider does not answer; they double up to here."""

MOST_KEYS = 100

FITTING: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""Key type and curve -> algorithms, RFC 7518 section 3 and RFC 8037; never HMAC."""

ALGORITHMS = frozenset(name for names in FITTING.values() for name in names)

LEAST_RSA_BITS = 2048
"""RFC 7518 section 3.3."""

log = logging.getLogger("supportsite.jwks")


def algorithms(text: str) -> tuple[str, ...]:
    """Names separated by commas: signatures with public keys only, never none and no HMAC."""
    named = tuple(part.strip() for part in text.split(",") if part.strip())
    if not named or not ALGORITHMS.issuperset(named):
        raise ValueError(f"some of {', '.join(sorted(ALGORITHMS))}, separated by commas")
    return named


class UnknownKey(Exception):
    """The provider has no such key, as of just now."""


class KeysUnavailable(Exception):
    """The provider did not answer, so that a token can be judged neither good nor bad."""


class Kept(Protocol):
    """Where the last good document outlives a process."""

    def load(self) -> tuple[float, Any] | None: ...

    def save(self, fetched_at: float, document: Any) -> None: ...


class KeySet:
    """Public keys by ``kid`` and algorithm."""

    def __init__(self, document: object, allowed: Collection[str]) -> None:
        """Keys that cannot verify with an allowed algorithm are left out; ``ValueError`` if all."""
        listed = document.get("keys") if isinstance(document, Mapping) else None
        if not isinstance(listed, list):
            raise ValueError("no list of keys")
        self._keys: dict[tuple[str | None, str], Any] = {}
        for each in listed[:MOST_KEYS]:
            for algorithm, key in _usable(each, allowed):
                self._keys.setdefault((each.get("kid"), algorithm), key)
        if not self._keys:
            raise ValueError("no key that verifies with an allowed algorithm")

    def find(self, kid: str | None, algorithm: str) -> Any:
        """The key, or None. A token without a ``kid`` is the only key's there is."""
        if kid is not None:
            return self._keys.get((kid, algorithm))
        fitting = [key for (_, fits), key in self._keys.items() if fits == algorithm]
        return fitting[0] if len(fitting) == 1 else None

    def __len__(self) -> int:
        return len({kid for kid, _ in self._keys})


def _usable(listed: object, allowed: Collection[str]) -> Iterator[tuple[str, Any]]:
    """The algorithms and the public key of one JWK, if it is a sound one for signatures."""
    if not isinstance(listed, Mapping) or not isinstance(listed.get("kid"), str | None):
        return
    if listed.get("use", "sig") != "sig" or "d" in listed or "k" in listed:
        return
    if "verify" not in (listed.get("key_ops") or ["verify"]):
        return
    curve = listed.get("crv", "") if listed.get("kty") != "RSA" else ""
    try:
        fitting = FITTING.get((listed["kty"], curve), ())
        for algorithm in fitting:
            if algorithm in allowed and listed.get("alg", algorithm) == algorithm:
                key = jwt.PyJWK(dict(listed), algorithm).key
                if getattr(key, "key_size", LEAST_RSA_BITS) < LEAST_RSA_BITS and not curve:
                    return
                yield algorithm, key
    # A member may be missing or of any type, a number may be no point of the curve.
    except (jwt.PyJWTError, LookupError, ValueError, TypeError, ArithmeticError):
        return


class KeyCache:
    """Finds keys without waiting, but for a ``kid`` it does not know: then once, and not for long.

    One thread per process fetches. Keys are good for ``max_age`` seconds after they were fetched.
    An unknown ``kid`` asks for a fetch at once, at most one each ``again`` seconds; at most
    ``waiters`` requests wait for it, and none longer than ``patience`` seconds.
    """

    def __init__(
        self,
        fetch: Callable[[], object],
        *,
        allowed: Collection[str] = ALGORITHMS,
        max_age: float = 86_400.0,
        fresh: float = FRESH,
        again: float = AGAIN,
        patience: float = 1.5,
        waiters: int = 2,
        kept: Kept | None = None,
    ) -> None:
        self._fetch, self._allowed, self._kept = fetch, frozenset(allowed), kept
        self._max_age, self._fresh, self._again = max_age, fresh, again
        self._patience, self._most_waiting = patience, waiters
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._reset()
        # A thread does not survive a fork, and a lock may be held for ever there.
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._attempts = self._failures = self._waiting = 0
        self._ended_at = -float("inf")
        self._busy = self._wanted = self._closed = False

    # --- For requests -----------------------------------------------------------------------------

    def find(self, kid: str | None, algorithm: str) -> Any:
        """The public key. Raises ``UnknownKey`` or ``KeysUnavailable``."""
        if algorithm not in self._allowed:
            raise UnknownKey
        if self._thread is None:
            self._start()
        key = self._look_up(kid, algorithm)
        if key is not None:
            return key
        judged = self._fetch_now()
        key = self._look_up(kid, algorithm)
        if key is not None:
            return key
        if judged and self._current() is not None:
            raise UnknownKey
        raise KeysUnavailable

    def standing(self) -> str:
        """One line for whoever looks after the site. Raises ``KeysUnavailable``."""
        if self._thread is None:
            self._start()
        if self._current() is None:
            self._fetch_now()
        keys = self._current()
        if keys is None:
            raise KeysUnavailable("no keys that are young enough")
        said = f"{len(keys)} keys, fetched {self.age:.0f} s ago"
        return f"{said}; the provider does not answer" if self._failures else said

    @property
    def age(self) -> float:
        """Seconds since the provider last gave its keys."""
        return time.time() - self._fetched_at

    def close(self) -> None:
        """Fetch no more."""
        with self._changed:
            self._closed = self._wanted = True
            self._changed.notify_all()

    def _look_up(self, kid: str | None, algorithm: str) -> Any:
        keys = self._current()
        return keys.find(kid, algorithm) if keys else None

    def _current(self) -> KeySet | None:
        """The keys, unless they are too old, or from the future by a clock that was set back."""
        age = time.time() - self._fetched_at
        return self._keys if -self._max_age <= age <= self._max_age else None

    def _fetch_now(self) -> bool:
        """Ask for a fetch; whether what there is now is the provider's word of just now."""
        with self._changed:
            self._wanted = True
            self._changed.notify_all()
            if not self._busy and time.monotonic() - self._ended_at < self._again:
                return not self._failures
            if self._waiting >= self._most_waiting and self._current() is not None:
                return False
            before = self._attempts
            self._waiting += 1
            try:
                ended = self._changed.wait_for(lambda: self._attempts > before, self._patience)
            finally:
                self._waiting -= 1
            return ended and not self._failures

    # --- In the background ------------------------------------------------------------------------

    def _start(self) -> None:
        with self._changed:
            if self._thread is not None:
                return
            if self._keys is None:
                self._remember()
            # Before anybody can ask: a second attempt right after the first would be for nothing.
            self._busy = True
            self._thread = threading.Thread(target=self._run, name="jwks", daemon=True)
            self._thread.start()

    def _remember(self) -> None:
        """What another process, or an earlier run, was told."""
        try:
            found = self._kept.load() if self._kept else None
            if found:
                self._fetched_at, document = found
                self._keys = KeySet(document, self._allowed)
        except (OSError, LookupError, ValueError, TypeError) as failure:
            log.warning("the kept keys cannot be read: %s", failure)

    def _run(self) -> None:
        while not self._closed:
            self._attempt()
            with self._changed:
                self._changed.wait_for(lambda: self._wanted, self._pause())
                early = self._ended_at + self._again - time.monotonic()
            if early > 0 and not self._closed:
                time.sleep(early)
            with self._changed:
                self._busy = True

    def _pause(self) -> float:
        if not self._failures:
            return self._fresh
        return min(self._again * 2.0 ** min(self._failures - 1, 10), LONGEST_PAUSE)

    def _attempt(self) -> None:
        try:
            document = self._fetch()
            keys = KeySet(document, self._allowed)
        # Whatever the other side sends, this thread has to go on.
        except Exception as failure:
            self._end(failure)
            return
        self._keys, self._fetched_at = keys, time.time()
        self._end(None)
        try:
            if self._kept:
                self._kept.save(self._fetched_at, document)
        except OSError as failure:
            log.warning("the keys cannot be kept for the next start: %s", failure)

    def _end(self, failure: Exception | None) -> None:
        with self._changed:
            self._attempts += 1
            self._failures = self._failures + 1 if failure else 0
            self._ended_at = time.monotonic()
            self._busy = self._wanted = False
            self._changed.notify_all()
        if failure and not self._closed:
            log.warning("the identity provider's keys could not be fetched: %s", failure)
