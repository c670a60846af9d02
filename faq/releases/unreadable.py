"""Warn whoever writes or publishes a phrasing that the model cannot read.

Emoji, for one: all of them have one and the same vector. The assistant registers the backend, which
alone decides what is readable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from audit.backends import Backend

backend: Backend[Callable[[Iterable[str]], list[str]]] = Backend("faq.releases.unreadable.backend")
"""Those of the phrasings that the model of the live release cannot read, in their order."""


def warnings(phrasings: Iterable[str]) -> list[str]:
    """A sentence for each phrasing that the model cannot read."""
    return [
        f"The model cannot read “{phrasing}”: it answers only a message of exactly these characters"
        for phrasing in backend.get()(phrasings)
    ]
