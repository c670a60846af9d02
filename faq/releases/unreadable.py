"""Warn of phrasings that the model cannot read, such as emoji, which all have the same vector.

The assistant registers the backend, which decides what is readable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from audit.backends import Backend

backend: Backend[Callable[[Iterable[str]], list[str]]] = Backend("faq.releases.unreadable.backend")
"""Returns the phrasings that the model of the live release cannot read, in order."""


def warnings(phrasings: Iterable[str]) -> list[str]:
    """A sentence for each phrasing that the model cannot read."""
    return [
        f"The model cannot read “{phrasing}”: only a message of exactly these characters matches it"
        for phrasing in backend.get()(phrasings)
    ]
