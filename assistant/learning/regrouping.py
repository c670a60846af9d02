"""Group the asks of gaps by meaning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from assistant import embedders, wiring
from assistant.embedding.vector_cache import VectorCache
from assistant.interfaces import Matrix
from assistant.learning.communities import calibrated_threshold, communities, matched_ids
from assistant.learning.dry_runs import check_gaps
from assistant.learning.gaps import Gap, GapAsk
from assistant.learning.recorded_asks import RecordedAsk
from assistant.learning.related import store_related
from assistant.matching import stored_vectors
from assistant.matching.entries import phrasings
from assistant.matching.loaded_release import LoadedRelease
from assistant.text.cleaning import strip_pleasantries
from audit.models import Record

LOCK = 0x5265_6772_6F75_7073
"""The advisory lock of the one regrouping: "Regroups" in ASCII."""

TEXT_LIFETIME = timedelta(days=90)
"""Older texts are not decrypted again. Their asks stay in their gap, and count."""


@dataclass(frozen=True)
class Regrouping:
    """The result: ``asks`` in ``gaps``; ``threshold``: the similarity within a gap, -1..1."""

    asks: int
    gaps: int
    threshold: float


def texts_of(asks: Iterable[RecordedAsk]) -> dict[int, str]:
    """The redacted question of each ask by its primary key; none of erased people."""
    by_record = {ask.record_id: ask.pk for ask in asks}
    records = Record.objects.filter(pk__in=by_record)
    return {
        by_record[record.pk]: record.data["question"]
        for record in records
        if record.data.get("question")
    }


def regroup() -> Regrouping:
    """Group all asks of the last ``TEXT_LIFETIME``, and check the gaps against the live release.

    A gap whose asks mostly stay together keeps its id.

    Raises ``interfaces.EmbedderUnavailable``.
    """
    release = wiring.live().current()
    asks = {
        ask.pk: ask
        for ask in GapAsk.objects.counted()
        .filter(at__gte=timezone.now() - TEXT_LIFETIME, is_pinned=False)
        .order_by("pk")
    }
    texts = {pk: strip_pleasantries(text) for pk, text in texts_of(asks.values()).items()}
    threshold = similarity_threshold(release)
    groups = group_asks(texts, asks, release, threshold) if texts else []
    with transaction.atomic():
        gap_ids = _assign(groups, asks)
        Gap.objects.annotate(count=Count("asks_in")).filter(count=0).delete()
        _reopen_grown()
        if groups:
            centres = [texts[group[0]] for group in groups]
            vectors = embed(centres, release)
            store_related(gap_ids, matrix_of([vectors[text] for text in centres]), threshold)
    check_gaps()
    return Regrouping(len(texts), Gap.objects.count(), threshold)


def assign_new() -> int:
    """Put new asks into the gap whose central ask is nearest, or into a new gap.

    Returns how many were new. Raises ``interfaces.EmbedderUnavailable``.
    """
    new = {ask.pk: ask for ask in GapAsk.objects.ungrouped().order_by("pk")}
    texts = {pk: strip_pleasantries(text) for pk, text in texts_of(new.values()).items()}
    # The texts of erased people cannot be read: these asks would never be put into a gap.
    GapAsk.objects.filter(pk__in=new.keys() - texts.keys()).delete()
    if texts:
        _join_nearest(texts, new, wiring.live().current())
        _reopen_grown()
    check_gaps()
    return len(texts)


def _join_nearest(
    texts: Mapping[int, str], asks: Mapping[int, GapAsk], release: LoadedRelease
) -> None:
    central = list(GapAsk.objects.filter(is_central=True))
    centres = texts_of(central)
    gap_ids = [ask.gap_id for ask in central if ask.pk in centres]
    centre_texts = [strip_pleasantries(centres[ask.pk]) for ask in central if ask.pk in centres]
    vectors = embed([*texts.values(), *centre_texts], release)
    threshold = similarity_threshold(release)
    # One row more for every new text, since each may become a centre.
    rows = matrix_of([vectors[text] for text in [*centre_texts, *texts.values()]])
    count = len(centre_texts)
    for pk, text in texts.items():
        similarities = rows[:count] @ vectors[text]
        nearest = int(similarities.argmax()) if count else 0
        ask = asks[pk]
        ask.is_central = not count or float(similarities[nearest]) < threshold
        ask.gap_id = Gap.objects.create().pk if ask.is_central else gap_ids[nearest]
        ask.save(update_fields=["gap", "is_central"])
        if ask.is_central:
            rows[count] = vectors[text]
            gap_ids.append(ask.gap_id)
            count += 1


def similarity_threshold(release: LoadedRelease) -> float:
    """The least similarity within a gap, -1..1; calibrated on the phrasings of the release."""
    contents = list(release.contents.values())
    texts = list(phrasings(contents))
    faq_ids = [content.slug for content in contents for _ in content.phrasings]
    if not texts or release.embedder is None:
        return calibrated_threshold(np.zeros((0, 1), dtype=np.float32), [])
    vectors = stored_vectors.stored(release.embedder.name, texts)
    pairs = [pair for pair in zip(texts, faq_ids, strict=True) if pair[0] in vectors]
    rows = matrix_of([vectors[text] for text, _ in pairs])
    return calibrated_threshold(rows, [faq_id for _, faq_id in pairs])


def group_asks(
    texts: Mapping[int, str],
    asks: Mapping[int, RecordedAsk],
    release: LoadedRelease,
    threshold: float,
) -> list[list[int]]:
    """The primary keys of the asks of each group, the most central ask first.

    ``texts`` and ``asks`` by primary key. Raises ``interfaces.EmbedderUnavailable``.
    """
    by_text: dict[str, list[int]] = defaultdict(list)
    for pk, text in texts.items():
        by_text[text].append(pk)
    unique = sorted(by_text)
    embedder = _embedder(release)
    # Their gaps are tried afterwards, with the same texts.
    embedder.make_room(len(unique))
    vectors = embedder.embed(unique).vectors
    people = [float(len({asks[pk].person for pk in by_text[text]})) for text in unique]
    rows = matrix_of([vectors[text] for text in unique])
    return [
        [pk for row in group.members for pk in by_text[unique[row]]]
        for group in communities(rows, people, threshold)
    ]


def embed(texts: Sequence[str], release: LoadedRelease) -> Mapping[str, Matrix]:
    """The unit vector of each text, by the release's model. Raises ``EmbedderUnavailable``."""
    return _embedder(release).embed(list(dict.fromkeys(texts))).vectors


def _embedder(release: LoadedRelease) -> VectorCache:
    return release.embedder or embedders.vector_cache(embedders.embedder())


def matrix_of(vectors: Sequence[Matrix]) -> Matrix:
    return np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, 1), dtype=np.float32)


def _assign(groups: Sequence[Sequence[int]], asks: Mapping[int, GapAsk]) -> list[int]:
    """Put the asks into their gaps; return the gap id of each group."""
    earlier: dict[int, set[str]] = defaultdict(set)
    for pk, ask in asks.items():
        if ask.gap_id is not None:
            earlier[ask.gap_id].add(str(pk))
    ids = matched_ids(
        [frozenset(map(str, group)) for group in groups],
        {gap: frozenset(members) for gap, members in earlier.items()},
    )
    new = iter(Gap.objects.bulk_create(Gap() for gap_id in ids if gap_id is None))
    numbers = [gap_id or next(new).pk for gap_id in ids]
    for group, number in zip(groups, numbers, strict=True):
        moved = [pk for pk in group if asks[pk].gap_id != number]
        if moved:
            GapAsk.objects.filter(pk__in=moved).update(gap=number)
    central = {group[0] for group in groups}
    gained = [pk for pk in central if not asks[pk].is_central]
    lost = [pk for group in groups for pk in group[1:] if asks[pk].is_central]
    GapAsk.objects.filter(pk__in=gained).update(is_central=True)
    GapAsk.objects.filter(pk__in=lost).update(is_central=False)
    return numbers


def _reopen_grown() -> None:
    """Reopen dismissed gaps that at least twice as many people have asked about since."""
    for gap in Gap.objects.filter(status=Gap.Status.DISMISSED).with_counts():
        if gap.people >= 2 * max(gap.people_at_dismissal, 1):
            gap.reopen(by="")
