"""What the tickets know of FAQs, which live in an app they may not import.

The assistant registers a ``Knowledge``. When it cannot answer,
tickets go on without it: a person can always be reached.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from django.utils.safestring import SafeString

from audit.backends import Backend

log = logging.getLogger("tickets.faq_lookup")


@dataclass(frozen=True)
class Known:
    """An FAQ, and how similar its closest phrasing is to the question, -1..1."""

    faq_id: str
    question: str
    answer: str
    similarity: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class CannotDraft(Exception):
    """No draft can be made, and why."""


class Knowledge(Protocol):
    def offered(self, question: str, *, audiences: Collection[str]) -> Sequence[Known]:
        """The FAQs for everybody or for ``audiences`` that /ask would answer or ask back with."""
        ...

    def nearest(self, question: str, *, limit: int) -> Sequence[Known]:
        """The published FAQs closest to it, however far that is."""
        ...

    def search(self, words: str, *, limit: int) -> Sequence[Known]:
        """The published FAQs that hold the words first, then those closest in meaning."""
        ...

    def unpublished(self, values: Sequence[str]) -> Sequence[str]:
        """Those of ``values``, such as phone numbers, that no live FAQ says."""
        ...

    def draft(self, phrasings: Sequence[str], answer: str, *, category: str, by: str) -> str:
        """Make a draft of an FAQ, the first phrasing being its question; its id.

        Raises ``CannotDraft``.
        """
        ...

    def drafted(self, faq_id: str) -> Known | None:
        """An FAQ as it stands, published or not; its similarity means nothing."""
        ...

    def drawn(self, outcome: str, answer: str, decision: Mapping[str, Any]) -> SafeString:
        """A decision that /ask has taken, as HTML."""
        ...

    def page_of(self, faq_id: str) -> str:
        """The address of the page where it is edited; empty if there is no such FAQ."""
        ...


backend: Backend[Knowledge] = Backend("tickets.faq_lookup.backend")


def knowledge() -> Knowledge:
    return backend.get()


def offered(question: str, *, audiences: Collection[str] = ()) -> Sequence[Known]:
    """``Knowledge.offered``, or nothing when it cannot be had."""
    try:
        return knowledge().offered(question, audiences=audiences)
    except Exception:
        log.exception("no FAQs can be offered")
        return []


def nearest(question: str, *, limit: int) -> Sequence[Known]:
    """``Knowledge.nearest``, or nothing when it cannot be had."""
    try:
        return knowledge().nearest(question, limit=limit)
    except Exception:
        log.exception("no FAQs can be shown")
        return []


def search(words: str, *, limit: int) -> Sequence[Known]:
    """``Knowledge.search``, or nothing when it cannot be had."""
    try:
        return knowledge().search(words, limit=limit)
    except Exception:
        log.exception("no FAQs can be searched")
        return []


def unpublished(values: Sequence[str]) -> Sequence[str]:
    """``Knowledge.unpublished``, or all of them when it cannot be had."""
    try:
        return knowledge().unpublished(values)
    except Exception:
        log.exception("no FAQs can be searched")
        return values
