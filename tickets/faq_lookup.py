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


class ProposalError(Exception):
    """Why nothing was proposed, by field: ``question``, ``answer``, ``faq_id``, ``category``,
    ``alternates``.
    """

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


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

    def strip_pleasantries(self, text: str) -> str:
        """The message without greeting, thanks and emoji."""
        ...

    def add_phrasing(self, faq_id: str, text: str, *, by: str) -> bool:
        """Propose another wording of an FAQ's question. False if the FAQ has it.

        Raises ``ProposalError``.
        """
        ...

    def propose(
        self,
        question: str,
        answer: str,
        *,
        faq_id: str,
        category: str,
        alternates: Sequence[str],
        by: str,
    ) -> str:
        """Propose an FAQ; its id, a short one if ``faq_id`` is empty. Raises ``ProposalError``."""
        ...

    def short_id(self, question: str) -> str:
        """An unused id for an FAQ with this question."""
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
