"""Which other FAQs are close to one that is being edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from assistant import wiring
from assistant.decision.decision import Match
from assistant.interfaces import Unavailable, Vector
from assistant.matching import stored_vectors
from assistant.matching.entries import entries, phrasings
from assistant.matching.matrix import ReleaseMatrix
from faq.content import Content
from faq.models import Faq, Release
from faq.releases.near_duplicates import Neighbour
from faq.releases.review import WAITING

DRAFTS = 500
"""Drafts looked at besides the live release, latest first: those of a large import are too many."""


def nearest(content: Content, *, limit: int) -> list[Neighbour]:
    """The other FAQs, drafts and live ones, closest to this one; best first.

    Its own phrasings are embedded here if they are new, so that the release finds them ready.
    Empty where the model cannot be used: editing must not depend on it.
    """
    try:
        ours = stored_vectors.ensure(wiring.embedder(), content.phrasings)
        live = wiring.live().current().matrix
    except Unavailable:
        return []
    drafts = _drafts()
    found: dict[str, Neighbour] = {}
    for phrasing in content.phrasings:
        for match in _matches(ours[phrasing], live, drafts, limit=limit + 1):
            known = found.get(match.faq_id)
            if match.faq_id != content.slug and (
                known is None or known.similarity < match.similarity
            ):
                found[match.faq_id] = Neighbour(
                    match.faq_id, match.phrasing, phrasing, match.similarity
                )
    best = sorted(found.values(), key=lambda each: (-each.similarity, each.slug))
    return best[:limit]


def _matches(
    vector: Vector, live: ReleaseMatrix, drafts: Mapping[str, ReleaseMatrix], *, limit: int
) -> Iterator[Match]:
    """The live release's, but of an FAQ that is drafted anew what the draft says."""
    for match in live.match(vector, limit=limit + len(drafts)):
        if match.faq_id not in drafts:
            yield match
    for matrix in drafts.values():
        yield from matrix.match(vector, limit=1)


def _drafts() -> dict[str, ReleaseMatrix]:
    """By slug; of phrasings that have a vector already. One that is retired has none."""
    live = Release.objects.live()
    waiting = Faq.objects.with_status().filter(status__in=WAITING).order_by("-updated")[:DRAFTS]
    slugs = {faq.slug: faq.retired for faq in waiting}
    contents = Faq.objects.filter(slug__in=list(slugs), retired=False).contents()
    known = stored_vectors.stored(live.embedder, phrasings(contents.values())) if live else {}
    drafts = {slug: ReleaseMatrix([]) for slug in slugs}
    for slug, content in contents.items():
        ready = tuple(phrasing for phrasing in content.phrasings if phrasing in known)
        if ready:
            said = replace(content, question=ready[0], alternates=ready[1:])
            drafts[slug] = ReleaseMatrix(entries([said], known))
    return drafts


def embedded(texts: Iterable[str]) -> set[str]:
    """Those of the texts whose vectors, of the live release's model, are there already."""
    live = Release.objects.live()
    return set(stored_vectors.stored(live.embedder, texts)) if live else set()
