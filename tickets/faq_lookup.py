"""The FAQs for tickets, by a backend: tickets may not import the app that has them.

``assistant`` registers a ``KnowledgeBase``. If it fails, tickets work without FAQs.
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
class FaqMatch:
    """An FAQ, and the similarity of its closest phrasing to the question, -1..1."""

    faq_id: str
    question: str
    answer: str
    similarity: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class DraftError(Exception):
    """The draft cannot be made; the message says why."""


class KnowledgeBase(Protocol):
    def suggestions(self, question: str, *, audiences: Collection[str]) -> Sequence[FaqMatch]:
        """FAQs that /ask would answer or clarify with, for ``audiences`` and for everybody."""
        ...

    def nearest(self, question: str, *, limit: int) -> Sequence[FaqMatch]:
        """The closest published FAQs, however low their similarity."""
        ...

    def search(self, words: str, *, limit: int) -> Sequence[FaqMatch]:
        """Published FAQs with all the words first, then those closest in meaning."""
        ...

    def unpublished(self, values: Sequence[str]) -> Sequence[str]:
        """The ``values``, such as phone numbers, that no live FAQ contains."""
        ...

    def create_draft(self, phrasings: Sequence[str], answer: str, *, category: str, by: str) -> str:
        """Create a draft whose question is the first phrasing; return its ``faq_id``.

        Raises ``DraftError``.
        """
        ...

    def get_faq(self, faq_id: str) -> FaqMatch | None:
        """An FAQ with its unpublished changes; None if there is none. Its similarity is 0."""
        ...

    def decision_html(self, outcome: str, answer: str, decision: Mapping[str, Any]) -> SafeString:
        """A decision of /ask as HTML."""
        ...

    def edit_url(self, faq_id: str) -> str:
        """The URL of its edit page; empty if there is no such FAQ."""
        ...


backend: Backend[KnowledgeBase] = Backend("tickets.faq_lookup.backend")


def knowledge_base() -> KnowledgeBase:
    return backend.get()


def suggestions(question: str, *, audiences: Collection[str] = ()) -> Sequence[FaqMatch]:
    """``KnowledgeBase.suggestions``, or an empty list if it fails."""
    try:
        return knowledge_base().suggestions(question, audiences=audiences)
    except Exception:
        log.exception("FAQs cannot be suggested")
        return []


def nearest(question: str, *, limit: int) -> Sequence[FaqMatch]:
    """``KnowledgeBase.nearest``, or an empty list if it fails."""
    try:
        return knowledge_base().nearest(question, limit=limit)
    except Exception:
        log.exception("FAQs cannot be shown")
        return []


def search(words: str, *, limit: int) -> Sequence[FaqMatch]:
    """``KnowledgeBase.search``, or an empty list if it fails."""
    try:
        return knowledge_base().search(words, limit=limit)
    except Exception:
        log.exception("FAQs cannot be searched")
        return []


def unpublished(values: Sequence[str]) -> Sequence[str]:
    """``KnowledgeBase.unpublished``, or all of ``values`` if it fails."""
    try:
        return knowledge_base().unpublished(values)
    except Exception:
        log.exception("FAQs cannot be searched")
        return values
