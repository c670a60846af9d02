"""What a publisher looks at: how drafts and releases differ from each other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from faq.content import Change, Content, changes, digest_of
from faq.models import Faq, Release, Revision

WAITING = (Faq.Status.DRAFT, Faq.Status.CHANGED, Faq.Status.RETIRING)


@dataclass(frozen=True)
class Review:
    """The drafts that wait, against the live release; ``publish(reviewed=review.digest)``."""

    live: Release | None
    changes: list[Change]

    @property
    def digest(self) -> str:
        return digest_of({each.slug: digest_after(each) for each in self.changes})


def digest_after(change: Change) -> str | None:
    return change.after.digest if change.after else None


def review(only: Collection[str] | None = None) -> Review:
    """Three queries; reads only FAQs that differ. ``only``: of these slugs."""
    waiting = Faq.objects.with_status().filter(status__in=WAITING)
    if only is not None:
        waiting = waiting.filter(slug__in=list(only))
    live = Release.objects.live()
    slugs = list(waiting.values_list("slug", flat=True))
    before = _said(live, slugs) if live else {}
    drafts = Faq.objects.filter(slug__in=slugs, retired=False).contents()
    return Review(live, changes(drafts, before))


def between(old: Release | None, new: Release) -> list[Change]:
    """How one release differs from another; reads only what differs."""
    if old is None:
        return changes(new.contents(), {})
    after, before = _only_in(new, old), _only_in(old, new)
    return changes(
        {revision.slug: revision.content() for revision in after},
        {revision.slug: revision.content() for revision in before},
    )


def _said(release: Release, slugs: list[str]) -> dict[str, Content]:
    found = release.revisions.filter(slug__in=slugs)
    return {revision.slug: revision.content() for revision in found}


def _only_in(one: Release, other: Release) -> list[Revision]:
    theirs = other.revisions.values("pk")
    return list(one.revisions.exclude(pk__in=theirs))
