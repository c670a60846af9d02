"""What a phrasing would change: labelled questions and recent asks, with and without it.

Decided by the live policy, without the agent; nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from assistant import wiring
from assistant.decision.message import MATCHES, Message, decide_message
from assistant.decision.policy import Policy
from assistant.interfaces import Vector
from assistant.learning.regrouping import embed
from assistant.matching import stored_vectors
from assistant.matching.entries import entries, phrasings
from assistant.matching.loaded_release import LoadedRelease
from assistant.matching.matrix import ReleaseMatrix
from assistant.models import Label, PriorityTerm
from assistant.suggestions.recent_asks import RecentAsks, read_recent
from assistant.suggestions.suggestion import SuggestionAsk
from assistant.text.cleaning import strip_pleasantries
from audit.models import Record
from faq.phrasing import normalise

NEAR = 0.6
"""A question less similar to the phrasing is decided as before."""

MOST_DECIDED = 200
"""The nearest distinct questions; all of them take less than two seconds."""

MOST_CHANGES = 50
"""Kept of a proof; the numbers count all of them."""


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
class Change:
    """A question that would get another answer, or a wrong one. ``before``, ``after``: ids of FAQs
    that answer, separated by commas, or an outcome."""

    case: Case
    before: str
    after: str
    is_flip: bool
    """An FAQ answered it before."""
    is_wrong: bool
    """Somebody said that another FAQ, or none, answers it; and it was not answered wrong before."""

    def as_dict(self) -> dict[str, Any]:
        expected = self.case.expected
        return {
            "source": self.case.source,
            "key": self.case.key,
            "before": self.before,
            "after": self.after,
            "expected": None if expected is None else sorted(expected),
            "wrong": self.is_wrong,
            "people": self.case.count,
        }


@dataclass(frozen=True)
class Proof:
    """``answered``: questions that are answered with the phrasing and were not without.
    ``changes``: the flips and the wrong ones. ``questions``: decided about, each once a person."""

    answered: int
    changes: tuple[Change, ...]
    questions: int

    @property
    def wrong(self) -> int:
        return sum(change.case.count for change in self.changes if change.is_wrong)

    @property
    def flips(self) -> int:
        return sum(change.case.count for change in self.changes if change.is_flip)

    def as_dict(self) -> dict[str, Any]:
        return {
            "answered": self.answered,
            "wrong": self.wrong,
            "flips": self.flips,
            "questions": self.questions,
            "changes": [change.as_dict() for change in self.changes[:MOST_CHANGES]],
        }


@dataclass(frozen=True)
class Prover:
    """Proves phrasings for one release; reads its vectors and the recent asks once."""

    release: LoadedRelease
    asks: RecentAsks
    labels: Sequence[Label]
    label_vectors: Sequence[Vector]

    @classmethod
    def of(cls, release: LoadedRelease) -> Self:
        """Raises ``interfaces.EmbedderUnavailable``."""
        # Those picked from options are asks; here they would count twice.
        counting = Label.objects.counting_for(release.contents)
        labels = [label for label in counting if label.source != Label.CHOICE]
        texts = [strip_pleasantries(label.question) for label in labels]
        vectors = stored_vectors.ensure(wiring.embedder(), texts)
        return cls(release, read_recent(release), labels, [vectors[text] for text in texts])

    def prove(self, faq_id: str, text: str) -> Proof:
        """Raises ``interfaces.EmbedderUnavailable``, ``KeyError`` for an FAQ that is not live."""
        vector = embed([text], self.release)[text]
        cases = [*self._labels_near(vector), *self._asks_near(vector)][:MOST_DECIDED]
        before = Decisions.of(cases, self.release)
        after = before.with_release(self._release_with(faq_id, text, vector))
        audiences = frozenset(filter(None, {self.release.contents[faq_id].audience}))
        answered = 0
        changes = []
        for case in cases:
            old, new = before.decide(case, audiences), after.decide(case, audiences)
            answered += case.count * (new.is_answer and not old.is_answer)
            is_flip = old.is_answer and old != new
            is_wrong = new.is_wrong(case) and not old.is_wrong(case)
            if is_flip or is_wrong:
                changes.append(Change(case, str(old), str(new), is_flip, is_wrong))
        return Proof(answered, tuple(changes), sum(case.count for case in cases))

    def _labels_near(self, vector: Vector) -> list[Case]:
        """The most similar first; at most half of what is decided."""
        near = [
            (-float(of_label @ vector), label.pk, label)
            for label, of_label in zip(self.labels, self.label_vectors, strict=True)
        ]
        return [
            Case("label", pk, label.question, frozenset(label.expected))
            for similarity, pk, label in sorted(near, key=lambda row: row[:2])
            if -similarity >= NEAR
        ][: MOST_DECIDED // 2]

    def _asks_near(self, vector: Vector) -> list[Case]:
        """Each question once, with the number of its people; the most similar first."""
        near = self.asks.near(vector, NEAR)
        records = Record.objects.filter(pk__in=near).in_order_of(near)
        chosen = dict(
            SuggestionAsk.objects.filter(record_id__in=near).values_list("record_id", "faq_id")
        )
        # One person's question counts once: first not answered, then picked from the options.
        by_person: dict[tuple[str, str], Case] = {}
        for ask in records:
            text = str(ask.data.get("question") or "")
            key = (ask.subject_key_id or "", normalise(text))
            picked = chosen.get(ask.pk)
            category = str(ask.data.get("category") or "")
            if text and (picked or key not in by_person):
                expected = frozenset({picked}) if picked else None
                by_person[key] = Case("ask", ask.pk, text, expected, category)
        return _merged(by_person.values())

    def _release_with(self, faq_id: str, text: str, vector: Vector) -> LoadedRelease:
        """The release with one more phrasing; its policy and classifier stay."""
        content = self.release.contents[faq_id]
        extended = replace(content, alternates=(*content.alternates, text))
        contents = {**self.release.contents, faq_id: extended}
        vectors = {**self._vectors, text: vector}
        return replace(
            self.release,
            contents=contents,
            matrix=ReleaseMatrix(entries(contents.values(), vectors)),
            candidates=None,
        )

    @cached_property
    def _vectors(self) -> dict[str, Vector]:
        assert self.release.embedder
        texts = phrasings(self.release.contents.values())
        return stored_vectors.stored(self.release.embedder.name, texts)


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
    messages: Mapping[str, Message]
    vectors: Mapping[str, Vector]

    @classmethod
    def of(cls, cases: Iterable[Case], release: LoadedRelease) -> Self:
        """Raises ``interfaces.EmbedderUnavailable``."""
        terms = PriorityTerm.objects.by_term()
        messages = {case.text: release.message(case.text, priority_terms=terms) for case in cases}
        texts = [text for message in messages.values() for text in message.texts]
        return cls(
            release,
            wiring.policy(release),
            frozenset(content.category for content in release.contents.values()),
            messages,
            embed(texts, release) if texts else {},
        )

    def with_release(self, release: LoadedRelease) -> Self:
        return replace(self, release=release, policy=wiring.policy(release))

    def decide(self, case: Case, audiences: frozenset[str]) -> CaseOutcome:
        release, message = self.release, self.messages[case.text]
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


def _merged(cases: Iterable[Case]) -> list[Case]:
    """One case for people who asked the same words and, as far as they said, meant the same."""
    merged: dict[tuple[str, str, frozenset[str] | None], Case] = {}
    for case in cases:
        key = (normalise(case.text), case.category, case.expected)
        first = merged.get(key)
        merged[key] = replace(first, count=first.count + 1) if first else case
    return list(merged.values())
