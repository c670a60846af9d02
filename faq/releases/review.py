"""What a publisher looks at: how drafts and releases differ from each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from faq.content import Change, Content, changes, digest_of
from faq.models import Faq, FaqQuerySet, Release, Revision

WAITING = (Faq.Status.DRAFT, Faq.Status.CHANGED, Faq.Status.RETIRING)


@dataclass(frozen=True)
class Review:
    """The drafts that wait, against the live release; ``publish(reviewed=review.digest)``.

    ``waiting``: by slug in order, each draft's digest, None for one that goes.
    """

    live: Release | None
    waiting: Mapping[str, str | None]

    @property
    def digest(self) -> str:
        return digest_of(self.waiting)

    def changes(self, slugs: Collection[str]) -> list[Change]:
        """Of these FAQs; what the others say is not read."""
        before = _said(self.live, slugs) if self.live else {}
        return changes(Faq.objects.in_use().filter(slug__in=slugs).contents(), before)


def review(only: Collection[str] | None = None) -> Review:
    """Reads no texts, however much waits. ``only``: of these slugs."""
    live = Release.objects.live()
    found = _waiting()
    if only is not None:
        found = found.filter(slug__in=list(only))
    rows = sorted(found.values_list("slug", "digest", "retired"))
    return Review(live, {slug: None if retired else digest for slug, digest, retired in rows})


def count_waiting() -> int:
    return _waiting().count()


def _waiting() -> FaqQuerySet:
    waiting: FaqQuerySet = Faq.objects.with_status().filter(status__in=WAITING)
    return waiting


def digest_after(change: Change) -> str | None:
    return change.after.digest if change.after else None


def between(old: Release | None, new: Release) -> list[Change]:
    """How one release differs from another; reads only what differs."""
    if old is None:
        return changes(new.contents(), {})
    after, before = _only_in(new, old), _only_in(old, new)
    return changes(
        {revision.slug: revision.content() for revision in after},
        {revision.slug: revision.content() for revision in before},
    )


def _said(release: Release, slugs: Collection[str]) -> dict[str, Content]:
    found = release.revisions.filter(slug__in=slugs)
    return {revision.slug: revision.content() for revision in found}


def _only_in(one: Release, other: Release) -> list[Revision]:
    theirs = other.revisions.values("pk")
    return list(one.revisions.exclude(pk__in=theirs))
