"""Where a source is, the requests to it, and what it has.

The requests are made by the registered ``get``, since the HTTP client is in an app that this one
may not import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from audit.backends import Backend
from faq.sources.pairs import Pair, hash_of

MAX_BYTES = 5_000_000
"""The largest page, and the largest reply of a help centre."""


class Kind(StrEnum):
    PAGE = "page"
    ZENDESK = "zendesk"
    INTERCOM = "intercom"


class FetchFailed(Exception):
    """The source could not be read; the text says why, for a curator."""


@dataclass(frozen=True)
class Reply:
    """``url``: after redirects. ``charset``: None if the header has none."""

    url: str
    status: int
    media_type: str
    charset: str | None
    etag: str
    body: bytes


class Get(Protocol):
    def __call__(
        self, url: str, *, headers: Mapping[str, str], seconds_left: Callable[[], float]
    ) -> Reply:
        """Follow redirects, each checked; at most ``MAX_BYTES``. Raises ``FetchFailed``.

        A reply of any status is returned.
        """
        ...


get: Backend[Get] = Backend("faq.sources.fetching.get")


@dataclass(frozen=True)
class Address:
    """Where a source is. ``locale`` is for Zendesk, ``token`` for Intercom."""

    kind: Kind
    url: str
    locale: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Reading:
    """What a source has now. ``pairs``: None if it has not changed since ``etag``."""

    pairs: list[Pair] | None
    etag: str = ""

    @property
    def hash(self) -> str:
        return hash_of(self.pairs) if self.pairs is not None else ""
