"""Find the FAQs that are similar to one that is being edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from assistant import embedders, wiring
from assistant.decision.matches import Match
from assistant.interfaces import Unavailable, Vector
from assistant.matching import stored_vectors
from assistant.matching.entries import entries, phrasings
from assistant.matching.matrix import ReleaseMatrix
from faq.content import Content
from faq.models import Faq, Release
from faq.releases.near_duplicates import Neighbour
from faq.releases.review import WAITING

DRAFTS = 500
"""Drafts compared besides the live release, latest first; a large import has more."""


def nearest(content: Content, *, limit: int) -> list[Neighbour]:
    """The FAQs closest to this one among drafts and live FAQs, most similar first.

    New phrasings are embedded and stored, ready for the next release. Empty if the model is
    unavailable: editing must not depend on it.
    """
    try:
        vectors = stored_vectors.ensure(embedders.embedder(), content.phrasings)
        live = wiring.live().current().matrix
    except Unavailable:
        return []
    drafts = _drafts()
    neighbours: dict[str, Neighbour] = {}
    for phrasing in content.phrasings:
        for match in _matches(vectors[phrasing], live, drafts, limit=limit + 1):
            previous = neighbours.get(match.faq_id)
            if match.faq_id != content.slug and (
                previous is None or previous.similarity < match.similarity
            ):
                neighbours[match.faq_id] = Neighbour(
                    match.faq_id, match.phrasing, phrasing, match.similarity
                )
    best = sorted(neighbours.values(), key=lambda n: (-n.similarity, n.slug))
    return best[:limit]


def _matches(
    vector: Vector, live: ReleaseMatrix, drafts: Mapping[str, ReleaseMatrix], *, limit: int
) -> Iterator[Match]:
    """Matches of the live release, with drafts in place of the FAQs they change."""
    for match in live.match(vector, limit=limit + len(drafts)):
        if match.faq_id not in drafts:
            yield match
    for matrix in drafts.values():
        yield from matrix.match(vector, limit=1)


def _drafts() -> dict[str, ReleaseMatrix]:
    """A matrix of each draft's phrasings that have a vector, by FAQ; empty for a retired FAQ."""
    live = Release.objects.live()
    waiting = Faq.objects.with_status().filter(status__in=WAITING).order_by("-updated")[:DRAFTS]
    slugs = [faq.slug for faq in waiting]
    contents = Faq.objects.filter(slug__in=slugs, retired=False).contents()
    vectors = stored_vectors.stored(live.embedder, phrasings(contents.values())) if live else {}
    drafts = {slug: ReleaseMatrix([]) for slug in slugs}
    for slug, content in contents.items():
        ready = tuple(phrasing for phrasing in content.phrasings if phrasing in vectors)
        if ready:
            embedded_content = replace(content, question=ready[0], alternates=ready[1:])
            drafts[slug] = ReleaseMatrix(entries([embedded_content], vectors))
    return drafts


def texts_with_vectors(texts: Iterable[str]) -> set[str]:
    """The texts that have a stored vector of the live release's model."""
    live = Release.objects.live()
    return set(stored_vectors.stored(live.embedder, texts)) if live else set()
