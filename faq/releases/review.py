"""Compare drafts with the live release, and releases with each other, for review."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from faq.content import Change, Content, changes, digest_of
from faq.models import Faq, FaqQuerySet, Release, Revision

WAITING = (Faq.Status.DRAFT, Faq.Status.CHANGED, Faq.Status.RETIRING)


@dataclass(frozen=True)
class Review:
    """The drafts that differ from the live release. Publish with ``reviewed=review.digest``.

    ``waiting``: each draft's digest by slug, sorted; None for a retired FAQ.
    """

    live: Release | None
    waiting: Mapping[str, str | None]

    @property
    def digest(self) -> str:
        return digest_of(self.waiting)

    def changes(self, slugs: Collection[str]) -> list[Change]:
        """The changes of these FAQs; reads no others."""
        before = _contents(self.live, slugs) if self.live else {}
        return changes(Faq.objects.in_use().filter(slug__in=slugs).contents(), before)


def review(only: Collection[str] | None = None) -> Review:
    """The drafts to review; reads no texts. ``only``: restrict to these slugs."""
    live = Release.objects.live()
    faqs = _waiting()
    if only is not None:
        faqs = faqs.filter(slug__in=list(only))
    rows = sorted(faqs.values_list("slug", "digest", "retired"))
    return Review(live, {slug: None if retired else digest for slug, digest, retired in rows})


def submitted() -> list[str]:
    """The slugs of the drafts that wait for a publisher."""
    return in_stage(Faq.Stage.SUBMITTED)


def in_stage(stage: Faq.Stage) -> list[str]:
    """The slugs of the drafts of this stage that differ from the live release."""
    slugs = _waiting().filter(stage=stage).values_list("slug", flat=True)
    return sorted(slugs)


def count_waiting() -> int:
    return _waiting().count()


def _waiting() -> FaqQuerySet:
    waiting: FaqQuerySet = Faq.objects.with_status().filter(status__in=WAITING)
    return waiting


def digest_after(change: Change) -> str | None:
    return change.after.digest if change.after else None


def release_changes(old: Release | None, new: Release) -> list[Change]:
    """The changes from one release to another; reads only revisions that differ."""
    if old is None:
        return changes(new.contents(), {})
    after, before = _only_in(new, old), _only_in(old, new)
    return changes(
        {revision.slug: revision.content() for revision in after},
        {revision.slug: revision.content() for revision in before},
    )


def _contents(release: Release, slugs: Collection[str]) -> dict[str, Content]:
    revisions = release.revisions.filter(slug__in=slugs)
    return {revision.slug: revision.content() for revision in revisions}


def _only_in(one: Release, other: Release) -> list[Revision]:
    return list(one.revisions.exclude(pk__in=other.revisions.values("pk")))
