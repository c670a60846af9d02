"""Delete Chroma collections and vectors that only old releases used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from assistant import wiring
from assistant.calibration import fitted_policies
from assistant.matching.entries import answer_texts, digest_of
from assistant.models import IndexedCollection, PhrasingVector
from assistant.releases.indexing import with_answers
from audit.models import record
from faq.content import Content
from faq.models import DailyHits, Faq, Release

DELETE_BATCH = 5_000

HITS_RETENTION = timedelta(days=400)
"""More than a year, so that seasonal FAQs do not count as never used."""


@dataclass(frozen=True)
class Pruned:
    collections: tuple[str, ...]
    vectors: int


def prune(keep: int, *, orphans: bool = False, actor: str) -> Pruned:
    """Keep the collections of the last ``keep`` releases, and the vectors of these and of drafts.

    Also deletes old hit counts. Raises ``IndexUnavailable``.
    """
    collections = drop_collections(keep, orphans=orphans)
    vectors = _drop_vectors(list(Release.objects.order_by("-number")[:keep]))
    DailyHits.objects.filter(day__lt=timezone.now().date() - HITS_RETENTION).delete()
    if collections or vectors:
        data = {"keep": keep, "collections": list(collections), "vectors": vectors}
        record("release.pruned", actor=actor, data=data)
    return Pruned(collections, vectors)


def drop_collections(
    keep: int, *, besides: Iterable[str] = (), orphans: bool = False
) -> tuple[str, ...]:
    """Drop the collections of all but the last ``keep`` releases, and never those ``besides``.

    Orphans belong to no release: a publish that crashed, or one that is running, created them.
    """
    named = list(Release.objects.order_by("-number").values_list("collection", flat=True))
    needed = with_answers({*named[:keep], *besides})
    index = wiring.index()
    existing = {n for n in index.names() if n.startswith(f"{settings.FAQ_COLLECTION_NAME}-")}
    old = (existing if orphans else existing & with_answers(named)) - needed
    for name in sorted(old):
        index.drop(name)
        IndexedCollection.objects.filter(name=name).delete()
    return tuple(sorted(old))


def _texts(contents: Iterable[Content]) -> list[str]:
    """All texts of these FAQs that are ever embedded."""
    contents = list(contents)
    answers = [text for content in contents for text in answer_texts(content)]
    return [*fitted_policies.texts(contents), *answers]


def _drop_vectors(releases: list[Release]) -> int:
    needed: dict[str, set[bytes]] = {}
    for release in releases:
        texts = _texts(release.contents().values())
        for embedder in filter(None, (release.embedder, release.second_embedder)):
            needed.setdefault(embedder, set()).update(map(digest_of, texts))
    drafts = _texts(Faq.objects.in_use().contents().values())
    for digests in needed.values():
        digests.update(map(digest_of, drafts))
    stale = [
        pk
        for pk, embedder, digest in PhrasingVector.objects.values_list(
            "pk", "embedder", "digest"
        ).iterator(DELETE_BATCH)
        if bytes(digest) not in needed.get(embedder, ())
    ]
    for start in range(0, len(stale), DELETE_BATCH):
        PhrasingVector.objects.filter(pk__in=stale[start : start + DELETE_BATCH]).delete()
    return len(stale)
