"""What old releases leave behind: Chroma collections, and vectors nothing asks for any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from assistant import wiring
from assistant.calibration import fitted_policies
from assistant.matching.entries import digest_of
from assistant.models import PhrasingVector
from audit.models import record
from faq.models import DailyHits, Faq, Release

DELETED_AT_ONCE = 5_000

HITS_KEPT = timedelta(days=400)
"""More than a year, so that what is asked every winter is not called never asked."""


@dataclass(frozen=True)
class Pruned:
    collections: tuple[str, ...]
    vectors: int


def prune(keep: int, *, orphans: bool = False, actor: str) -> Pruned:
    """Keep the collections of the last ``keep`` releases, and the vectors of these and of drafts.

    Old hits go as well. Raises ``IndexUnavailable``.
    """
    collections = drop_collections(keep, orphans=orphans)
    vectors = _drop_vectors(list(Release.objects.order_by("-number")[:keep]))
    DailyHits.objects.filter(day__lt=timezone.now().date() - HITS_KEPT).delete()
    if collections or vectors:
        told = {"keep": keep, "collections": list(collections), "vectors": vectors}
        record("release.pruned", actor=actor, data=told)
    return Pruned(collections, vectors)


def drop_collections(
    keep: int, *, besides: Iterable[str] = (), orphans: bool = False
) -> tuple[str, ...]:
    """Drop those of releases before the last ``keep``; ``besides`` stay whatever their age.

    Orphans, which no release names, are what a crashed publish left or a running one is making.
    """
    named = list(Release.objects.order_by("-number").values_list("collection", flat=True))
    kept = {*named[:keep], *besides}
    index = wiring.index()
    there = {n for n in index.names() if n.startswith(f"{settings.FAQ_COLLECTION_NAME}-")}
    old = (there if orphans else there & set(named)) - kept
    for name in sorted(old):
        index.drop(name)
    return tuple(sorted(old))


def _drop_vectors(kept: list[Release]) -> int:
    wanted: dict[str, set[bytes]] = {}
    for release in kept:
        texts = fitted_policies.texts(list(release.contents().values()))
        wanted.setdefault(release.embedder, set()).update(map(digest_of, texts))
    drafts = fitted_policies.texts(list(Faq.objects.in_use().contents().values()))
    for digests in wanted.values():
        digests.update(map(digest_of, drafts))
    stale = [
        pk
        for pk, embedder, digest in PhrasingVector.objects.values_list(
            "pk", "embedder", "digest"
        ).iterator(DELETED_AT_ONCE)
        if bytes(digest) not in wanted.get(embedder, ())
    ]
    for start in range(0, len(stale), DELETED_AT_ONCE):
        PhrasingVector.objects.filter(pk__in=stale[start : start + DELETED_AT_ONCE]).delete()
    return len(stale)
