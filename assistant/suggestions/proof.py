"""What a phrasing would change: labelled questions and recent asks, with and without it.

Decided by the live policy, without the agent; nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from assistant import embedders
from assistant.decision.message import Message
from assistant.interfaces import Vector
from assistant.learning.regrouping import embed
from assistant.matching import stored_vectors
from assistant.matching.loaded_release import LoadedRelease
from assistant.models import Label, PriorityTerm
from assistant.suggestions.added_phrasing import AddedPhrasing
from assistant.suggestions.decisions import Case, Decisions
from assistant.suggestions.recent_asks import RecentAsks, read_recent
from assistant.suggestions.suggestion import SuggestionAsk
from assistant.text.cleaning import strip_pleasantries
from audit.models import Record
from faq.phrasing import normalise

NEAR = 0.6
"""A question less similar to the phrasing is decided as before."""

MAX_DECIDED = 200
"""The nearest distinct questions of those whose decision may change: so that a proof takes less
than two seconds."""

MAX_CHANGES = 50
"""Kept of a proof; the numbers count all of them."""

CaseAndVector = tuple[Case, Vector]


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
    ``changes``: the flips and the wrong ones. ``questions``: near the phrasing, once a person."""

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
            "changes": [change.as_dict() for change in self.changes[:MAX_CHANGES]],
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
        vectors = stored_vectors.ensure(embedders.embedder(), texts)
        return cls(release, read_recent(release), labels, [vectors[text] for text in texts])

    def prove(self, faq_id: str, text: str) -> Proof:
        """Raises ``interfaces.EmbedderUnavailable``, ``KeyError`` for an FAQ that is not live."""
        vector = embed([text], self.release)[text]
        added = AddedPhrasing(self.release, faq_id, text, vector)
        near = [*self._labels_near(vector), *self._asks_near(vector)]
        before = Decisions.of(_that_may_change(near, added), self.release)
        after = before.with_release(added.after)
        audiences = frozenset(filter(None, {self.release.contents[faq_id].audience}))
        answered = 0
        changes = []
        for case in before.cases:
            old, new = before.decide(case, audiences), after.decide(case, audiences)
            answered += case.count * (new.is_answer and not old.is_answer)
            is_flip = old.is_answer and old != new
            is_wrong = new.is_wrong(case) and not old.is_wrong(case)
            if is_flip or is_wrong:
                changes.append(Change(case, str(old), str(new), is_flip, is_wrong))
        return Proof(answered, tuple(changes), sum(case.count for case, _ in near))

    def _labels_near(self, vector: Vector) -> list[CaseAndVector]:
        """The most similar first."""
        near = [
            (-float(of_label @ vector), label.pk, label, of_label)
            for label, of_label in zip(self.labels, self.label_vectors, strict=True)
        ]
        return [
            (Case("label", pk, label.question, frozenset(label.expected)), of_label)
            for similarity, pk, label, of_label in sorted(near, key=lambda row: row[:2])
            if -similarity >= NEAR
        ]

    def _asks_near(self, vector: Vector) -> list[CaseAndVector]:
        """Each question once, with the number of its people; the most similar first."""
        vectors = self.asks.near(vector, NEAR)
        near = list(vectors)
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
        return [(case, vectors[case.key]) for case in _merged(by_person.values())]


def _that_may_change(near: Sequence[CaseAndVector], added: AddedPhrasing) -> dict[Case, Message]:
    """The nearest ``MAX_DECIDED`` cases, at most half of them labels, each with its message."""
    terms = PriorityTerm.objects.by_term()
    messages: dict[Case, Message] = {}
    labels = 0
    for case, vector in near:
        is_label = case.source == "label"
        if len(messages) == MAX_DECIDED or (is_label and labels == MAX_DECIDED // 2):
            continue
        message = added.before.message(case.text, priority_terms=terms)
        if added.may_change(message, vector):
            messages[case] = message
            labels += is_label
    return messages


def _merged(cases: Iterable[Case]) -> list[Case]:
    """One case for people who asked the same words and, as far as they said, meant the same."""
    merged: dict[tuple[str, str, frozenset[str] | None], Case] = {}
    for case in cases:
        key = (normalise(case.text), case.category, case.expected)
        first = merged.get(key)
        merged[key] = replace(first, count=first.count + 1) if first else case
    return list(merged.values())
