"""Group the asks of each FAQ by meaning, and choose the one text that is proposed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from assistant import wiring
from assistant.interfaces import Vector
from assistant.learning.communities import matched_ids
from assistant.learning.regrouping import (
    TEXT_LIFETIME,
    embed,
    group_asks,
    similarity_threshold,
    texts_of,
)
from assistant.matching.loaded_release import LoadedRelease
from assistant.suggestions.proof import Prover
from assistant.suggestions.suggestion import Suggestion, SuggestionAsk
from assistant.text.cleaning import strip_pleasantries
from faq.models import Phrasing
from faq.phrasing import key_of, normalise
from tickets.excerpts import has_placeholder, without_placeholders

MAX_LENGTH = 200
"""Longer questions are not proposed, in characters."""


def update() -> int:
    """Group new asks, choose texts, and prove new ones; returns the number of ready suggestions.

    Raises ``interfaces.EmbedderUnavailable``.
    """
    release = wiring.live().current()
    if release.number is None or release.embedder is None:
        return 0
    asks = _undecided()
    questions = texts_of(asks.values())
    # Asks of erased people have no text, so they can never be grouped.
    erased = asks.keys() - questions.keys()
    SuggestionAsk.objects.filter(pk__in=erased, suggestion=None).delete()
    compared = {pk: strip_pleasantries(question) for pk, question in questions.items()}
    offered = {pk: offered_text(question) for pk, question in questions.items()}
    threshold = similarity_threshold(release)
    groups = {
        faq_id: group_asks(
            {pk: text for pk, text in compared.items() if asks[pk].faq_id == faq_id},
            *(asks, release, threshold),
        )
        for faq_id in sorted({asks[pk].faq_id for pk in compared})
    }
    vectors = embed(list(compared.values()), release) if compared else {}
    with transaction.atomic():
        for faq_id, members in groups.items():
            _assign(faq_id, members, asks)
        Suggestion.objects.filter(status=Suggestion.Status.OPEN, asks_in=None).delete()
        _reopen_grown()
        _choose_texts(offered, release)
        _link_rivals({pk: vectors[text] for pk, text in compared.items()}, threshold)
    _prove(release)
    return Suggestion.objects.all().ready().count()


def offered_text(question: str) -> str:
    """A redacted question as a phrasing: one line, without greeting; empty if it cannot be one."""
    text = " ".join(without_placeholders(strip_pleasantries(question)).split())
    return "" if has_placeholder(text) or len(text) > MAX_LENGTH else text


def _undecided() -> dict[int, SuggestionAsk]:
    recent = SuggestionAsk.objects.undecided().filter(at__gte=timezone.now() - TEXT_LIFETIME)
    return {ask.pk: ask for ask in recent.order_by("pk")}


def _assign(
    faq_id: str, groups: Sequence[Sequence[int]], asks: Mapping[int, SuggestionAsk]
) -> None:
    """Put the asks of an FAQ into suggestions; each keeps its id where most of its asks stay."""
    earlier: dict[int, set[str]] = defaultdict(set)
    for ask in asks.values():
        if ask.faq_id == faq_id and ask.suggestion_id is not None:
            earlier[ask.suggestion_id].add(str(ask.pk))
    ids = matched_ids(
        [frozenset(map(str, group)) for group in groups],
        {pk: frozenset(members) for pk, members in earlier.items()},
    )
    for group, suggestion_id in zip(groups, ids, strict=True):
        number = suggestion_id or Suggestion.objects.create(faq_id=faq_id).pk
        for pk in group:
            asks[pk].suggestion_id = number
        SuggestionAsk.objects.filter(pk__in=group).update(suggestion=number)


def _reopen_grown() -> None:
    """Reopen dismissed suggestions that at least twice as many people have asked for since."""
    for suggestion in Suggestion.objects.filter(status=Suggestion.Status.DISMISSED).with_counts():
        if suggestion.people >= 2 * max(suggestion.people_at_dismissal, 1):
            suggestion.reopen(by="")


@dataclass(frozen=True)
class _Candidate:
    """``similarity`` to the nearest phrasing of the FAQ; ``lead`` over the nearest other FAQ."""

    ask: int
    similarity: float
    lead: float
    nearest_other: str
    is_free: bool
    """No other FAQ has it as a phrasing of its draft."""


def _choose_texts(texts: Mapping[int, str], release: LoadedRelease) -> None:
    """Propose one text of each open suggestion; a new one needs a new proof."""
    members: dict[int, list[int]] = defaultdict(list)
    members_of = SuggestionAsk.objects.filter(pk__in=texts).values_list("suggestion", "pk")
    for number, pk in members_of:
        members[number or 0].append(pk)
    for suggestion in Suggestion.objects.filter(status=Suggestion.Status.OPEN):
        asks = {pk: texts[pk] for pk in sorted(members[suggestion.pk])}
        best = _best(suggestion.faq_id, asks, release)
        if (best and best.ask) != suggestion.text_ask_id:
            suggestion.clear_proof()
        suggestion.text_ask_id = best.ask if best else None
        suggestion.lead = best.lead if best else None
        suggestion.nearest_other = best.nearest_other if best else ""
        suggestion.save()


def _best(faq_id: str, questions: Mapping[int, str], release: LoadedRelease) -> _Candidate | None:
    """The text farthest from the FAQ's phrasings that is nearer to it than to any other FAQ by the
    margin; without one, as on a near tie, the text with the largest lead."""
    if faq_id not in release.contents:
        return None
    candidates = list(_candidates(faq_id, questions, release))
    margin = wiring.policy(release).margin
    clear = [
        candidate for candidate in candidates if candidate.lead >= margin and candidate.is_free
    ]
    if clear:
        return min(clear, key=lambda candidate: (candidate.similarity, candidate.ask))
    return max(
        candidates,
        key=lambda candidate: (candidate.is_free, candidate.lead, -candidate.ask),
        default=None,
    )


def _candidates(
    faq_id: str, questions: Mapping[int, str], release: LoadedRelease
) -> Iterator[_Candidate]:
    by_text: dict[str, int] = {}
    for pk, question in questions.items():
        by_text.setdefault(question, pk)
    owners = _owners(by_text)
    vectors = embed(list(by_text), release) if by_text else {}
    for text, pk in by_text.items():
        owner = owners.get(normalise(text), "")
        if not text or owner == faq_id:
            continue
        own = release.matrix.match(vectors[text], limit=1, among={faq_id})[0].similarity
        others = [m for m in release.matrix.match(vectors[text], limit=2) if m.faq_id != faq_id]
        other = (others[0].similarity, others[0].faq_id) if others else (-1.0, "")
        yield _Candidate(pk, own, own - other[0], other[1], not owner)


def _owners(texts: Iterable[str]) -> dict[str, str]:
    """The FAQ whose draft has each text as a phrasing, by the normalised text."""
    keys = {key_of(text): normalise(text) for text in texts}
    claims = Phrasing.objects.filter(key__in=list(keys)).values_list("key", "faq__slug")
    return {keys[bytes(key)]: faq_id for key, faq_id in claims}


def _link_rivals(vector_of: Mapping[int, Vector], threshold: float) -> None:
    """Link open suggestions for different FAQs whose texts are alike."""
    proposed = [
        suggestion
        for suggestion in Suggestion.objects.filter(status=Suggestion.Status.OPEN)
        if suggestion.text_ask_id in vector_of
    ]
    for suggestion in proposed:
        own = vector_of[suggestion.text_ask_id or 0]
        suggestion.rivals.set(
            other
            for other in proposed
            if other.faq_id != suggestion.faq_id
            and float(own @ vector_of[other.text_ask_id or 0]) >= threshold
        )


def _prove(release: LoadedRelease) -> None:
    assert release.number is not None
    unproved = list(Suggestion.objects.all().without_proof(release.number))
    if not unproved:
        return
    prover = Prover.of(release)
    texts = texts_of(suggestion.text_ask for suggestion in unproved if suggestion.text_ask)
    for suggestion in unproved:
        text = offered_text(texts.get(suggestion.text_ask_id or 0, ""))
        if text and suggestion.faq_id in release.contents:
            suggestion.proof = prover.prove(suggestion.faq_id, text).as_dict()
            suggestion.proof_release, suggestion.proved = release.number, timezone.now()
            suggestion.save(update_fields=["proof", "proof_release", "proved"])
