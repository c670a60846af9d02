"""Decide about questions of a proof as /ask does, without the agent; nothing is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from assistant import wiring
from assistant.decision.message import MATCHES, Message, decide_message
from assistant.decision.policy import Policy
from assistant.interfaces import Vector
from assistant.learning.regrouping import embed
from assistant.matching.loaded_release import LoadedRelease
from faq.phrasing import normalise


@dataclass(frozen=True)
class Case:
    """A question with what is known of its answer.

    ``source``: ``label`` or ``ask``; ``key``: of the label, or of the audit record. ``expected``:
    the FAQs that answer it; None if nobody said. ``count``: the people who asked it.
    """

    source: str
    key: int
    text: str
    expected: frozenset[str] | None
    category: str = ""
    count: int = 1


@dataclass(frozen=True)
class CaseOutcome:
    """``faq_ids``: those that answer; none: ``name`` says why not."""

    faq_ids: tuple[str, ...]
    name: str

    @property
    def is_answer(self) -> bool:
        return bool(self.faq_ids)

    def is_wrong(self, case: Case) -> bool:
        return case.expected is not None and bool(set(self.faq_ids) - case.expected)

    def __str__(self) -> str:
        return ", ".join(self.faq_ids) or self.name


@dataclass(frozen=True)
class Decisions:
    """Decides about cases as /ask does. What no release changes is computed once."""

    release: LoadedRelease
    policy: Policy
    categories: frozenset[str]
    cases: Mapping[Case, Message]
    vectors: Mapping[str, Vector]

    @classmethod
    def of(cls, cases: Mapping[Case, Message], release: LoadedRelease) -> Self:
        """``cases``: each with the ``message`` of the release.

        Raises ``interfaces.EmbedderUnavailable``.
        """
        texts = [text for message in cases.values() for text in message.texts]
        return cls(
            release,
            wiring.policy(release),
            frozenset(content.category for content in release.contents.values()),
            cases,
            embed(texts, release) if texts else {},
        )

    def with_release(self, release: LoadedRelease) -> Self:
        return replace(self, release=release, policy=wiring.policy(release))

    def decide(self, case: Case, audiences: frozenset[str]) -> CaseOutcome:
        release, message = self.release, self.cases[case]
        if normalise(case.text) in release.exact:
            message = Message(case.text)
        category = case.category if case.category in self.categories else ""
        visible: dict[str, Any] = {"category": category, "audiences": audiences}
        matches = {
            text: release.search(
                text,
                self._vector(text),
                limit=MATCHES,
                also=message.also if text == message.text else (),
                **visible,
            ).matches
            for text in message.texts
        }
        second_language = release.match_second_language(message, limit=MATCHES, **visible)
        decision = decide_message(
            message, matches, self.policy, release.wording, second_language=second_language
        )
        parts = [part.decision.chosen for part in decision.answers] or [decision.chosen]
        faq_ids = tuple(match.faq_id for match in parts if match)
        return CaseOutcome(faq_ids, "clarify" if decision.options else "unanswered")

    def _vector(self, text: str) -> Vector:
        # A text that is a phrasing of one release only is compared as it was typed.
        vector = self.vectors.get(text)
        return embed([text], self.release)[text] if vector is None else vector
