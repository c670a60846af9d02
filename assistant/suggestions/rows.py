"""Suggestions with their texts, for the desk and for programs: redacted, never names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant import wiring
from assistant.interfaces import EmbedderUnavailable
from assistant.learning.regrouping import texts_of
from assistant.models import Label
from assistant.suggestions.grouping import offered_text
from assistant.suggestions.suggestion import Suggestion, SuggestionQuerySet
from audit.models import Record
from faq.models import Faq, Phrasing, Release
from faq.phrasing import key_of, normalise

FILTERS = {
    "ready": "To decide",
    "growing": "Not enough people yet",
    "accepted": "Accepted",
    "dismissed": "Dismissed",
    "withdrawn": "Withdrawn",
    "expired": "Expired",
}

ERASED = "(erased)"


@dataclass(frozen=True)
class ChangedQuestion:
    """A question whose answer would change, or would be wrong. ``expected``: ids of FAQs; None if
    nobody said."""

    question: str
    is_label: bool
    before: str
    after: str
    expected: str | None
    is_wrong: bool
    people: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "labelled": self.is_label,
            "before": self.before,
            "after": self.after,
            "expected": self.expected,
            "wrong": self.is_wrong,
            "people": self.people,
        }


@dataclass(frozen=True)
class SuggestionRow:
    """One suggestion in a list.

    ``text``: empty once erased. ``owner``: another FAQ whose draft has the text as a phrasing.
    ``is_live``: whether it was accepted and is published. ``is_near_tie``:
    whether another FAQ is within the margin of the text.
    """

    suggestion: Suggestion
    text: str
    faq: Faq | None
    owner: Faq | None
    nearest_other: Faq | None
    is_live: bool
    is_near_tie: bool
    rivals: tuple[str, ...]
    """The FAQs for which the same questions are suggested: their questions."""
    changes: tuple[ChangedQuestion, ...]

    @property
    def is_acceptable(self) -> bool:
        is_open = self.suggestion.status == Suggestion.Status.OPEN
        return is_open and bool(self.text and self.faq) and self.owner is None

    def as_dict(self) -> dict[str, Any]:
        """The row for programs."""
        suggestion = self.suggestion
        proof = suggestion.proof
        return {
            "id": suggestion.pk,
            "faq_id": suggestion.faq_id,
            "text": self.text,
            "asks": suggestion.asks,
            "people": suggestion.people,
            "picked": suggestion.picked,
            "resolved": suggestion.resolved,
            "helpful": suggestion.helpful,
            "lead": suggestion.lead,
            "nearest_other": suggestion.nearest_other or None,
            "phrasing_of": self.owner.slug if self.owner else None,
            "status": suggestion.status,
            "proof": {
                "release": suggestion.proof_release,
                "questions": proof["questions"],
                "answered": proof["answered"],
                "wrong": proof["wrong"],
                "flips": proof["flips"],
                "changes": [change.as_dict() for change in self.changes],
            }
            if proof
            else None,
        }


def chosen_suggestions(name: str) -> SuggestionQuerySet:
    """The suggestions of one of ``FILTERS``, ranked."""
    suggestions = Suggestion.objects.all()
    if name == "growing":
        return suggestions.growing()
    if name == "expired":
        return suggestions.expired()
    if name in ("accepted", "dismissed", "withdrawn"):
        ranked: Any = suggestions.ranked().filter(status=name)
        chosen: SuggestionQuerySet = ranked
        return chosen
    return suggestions.ready()


def text_of(suggestion: Suggestion) -> str:
    """The text it proposes; empty once erased."""
    ask = suggestion.text_ask
    return offered_text(texts_of([ask]).get(ask.pk, "")) if ask else ""


def rows(suggestions: Sequence[Suggestion]) -> list[SuggestionRow]:
    """``suggestions`` with counts; texts are read for these only."""
    texts = {suggestion.pk: text_of(suggestion) for suggestion in suggestions}
    rivals = {suggestion.pk: _rivals(suggestion) for suggestion in suggestions}
    named = {
        name for suggestion in suggestions for name in (suggestion.faq_id, suggestion.nearest_other)
    }
    named |= {name for names in rivals.values() for name in names}
    faqs = {faq.slug: faq for faq in Faq.objects.filter(slug__in=named)}
    owners = _owners(texts.values())
    questions = _questions(suggestions)
    live, margin = _live_phrasings({suggestion.faq_id for suggestion in suggestions}), _margin()
    return [
        SuggestionRow(
            suggestion=suggestion,
            text=texts[suggestion.pk],
            faq=faqs.get(suggestion.faq_id),
            owner=_other(owners.get(key_of(texts[suggestion.pk])), suggestion.faq_id),
            nearest_other=faqs.get(suggestion.nearest_other),
            is_live=(suggestion.faq_id, normalise(texts[suggestion.pk])) in live,
            is_near_tie=suggestion.lead is not None and suggestion.lead < margin,
            rivals=tuple(faqs[name].question for name in rivals[suggestion.pk] if name in faqs),
            changes=tuple(_changes(suggestion, questions)),
        )
        for suggestion in suggestions
    ]


def _rivals(suggestion: Suggestion) -> list[str]:
    rivals = suggestion.rivals.filter(status=Suggestion.Status.OPEN).order_by("faq_id")
    return list(rivals.values_list("faq_id", flat=True))


def _owners(texts: Any) -> dict[bytes, Faq]:
    keys = [key_of(text) for text in texts if text]
    claims = Phrasing.objects.filter(key__in=keys).select_related("faq")
    return {bytes(claim.key): claim.faq for claim in claims}


def _other(owner: Faq | None, faq_id: str) -> Faq | None:
    return owner if owner and owner.slug != faq_id else None


def _live_phrasings(faq_ids: set[str]) -> set[tuple[str, str]]:
    """The FAQ and each of its normalised phrasings in the live release."""
    live = Release.objects.live()
    revisions = live.revisions.filter(slug__in=faq_ids) if live else ()
    return {
        (revision.slug, normalise(phrasing))
        for revision in revisions
        for phrasing in revision.content().phrasings
    }


def _margin() -> float:
    try:
        return wiring.policy(wiring.live().current()).margin
    except EmbedderUnavailable:
        # The page works while the model is missing.
        return 0.0


Key = tuple[str, int]


def _questions(suggestions: Sequence[Suggestion]) -> dict[Key, str]:
    """The texts of the questions that the proofs name, as far as they were not erased."""
    changes = [
        change
        for suggestion in suggestions
        for change in (suggestion.proof or {}).get("changes", ())
    ]
    keys = {name: {c["key"] for c in changes if c["source"] == name} for name in SOURCES}
    labels = Label.objects.filter(pk__in=keys["label"]).values_list("pk", "question")
    asks = Record.objects.filter(pk__in=keys["ask"])
    return {
        **{("label", pk): question for pk, question in labels},
        **{("ask", ask.pk): str(ask.data.get("question") or ERASED) for ask in asks},
    }


SOURCES = ("label", "ask")


def _changes(suggestion: Suggestion, questions: Mapping[Key, str]) -> Any:
    for change in (suggestion.proof or {}).get("changes", ()):
        expected = change["expected"]
        yield ChangedQuestion(
            question=questions.get((change["source"], change["key"]), ERASED),
            is_label=change["source"] == "label",
            before=change["before"],
            after=change["after"],
            expected=None if expected is None else ", ".join(expected) or "no answer",
            is_wrong=change["wrong"],
            people=change["people"],
        )
