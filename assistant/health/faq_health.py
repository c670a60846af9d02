"""The findings of the live release, and the texts that go with them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime

from django.db.models import Max, Min
from django.utils import timezone

from assistant.health.counts import counts_since, traffic
from assistant.health.faq_asks import LONG_AGO, Since
from assistant.health.findings import ASKS_PER_FAQ, Counts, Duplicate, Facts, Finding, Kind, ranked
from assistant.health.release_comparison import ReleaseComparison
from assistant.health.reviews import HealthReview
from faq.models import Faq, Release, Revision


def findings(only: Collection[str] | None = None) -> list[Finding]:
    """The findings of the live FAQs that are not retired, the worst first.

    ``only``: the ids of the FAQs to look at; None: all.
    """
    live = Release.objects.live()
    return ranked(_facts(live, only)) if live else []


def last_change(faq_id: str) -> datetime | None:
    """When the live content of an FAQ went live; None if it is not live."""
    live = Release.objects.live()
    since = unchanged_since(live, {faq_id}).get(faq_id) if live else None
    return max(since[1], _first_published({faq_id}).get(faq_id, LONG_AGO)) if since else None


def _facts(live: Release, only: Collection[str] | None) -> list[Facts]:
    now, today = timezone.now(), timezone.localdate()
    live_faqs = Faq.objects.in_use().filter(slug__in=live.revisions.values("slug"))
    faqs = live_faqs if only is None else live_faqs.filter(slug__in=only)
    review_by = dict(faqs.values_list("slug", "review_by"))
    reviews = HealthReview.objects.by_faq()
    since = {
        slug: _since(reviews.get(slug, {}), answer, content)
        for slug, (answer, content) in unchanged_since(live, review_by).items()
    }
    counts, recent = counts_since(since), traffic()
    has_traffic = recent.asks >= ASKS_PER_FAQ * live_faqs.count()
    first = _first_published(review_by)
    duplicates = _duplicates(reviews)
    return [
        Facts(
            faq_id=slug,
            today=today,
            review_by=date,
            days_live=(now - first.get(slug, now)).days,
            is_never_near=has_traffic and slug not in recent.near,
            reviewed=frozenset(
                kind for kind, review in reviews.get(slug, {}).items() if review.is_recent
            ),
            duplicates=duplicates.get(slug, ()),
            **asdict(counts.get(slug, Counts())),
        )
        for slug, date in review_by.items()
    ]


def _since(reviews: Mapping[Kind, HealthReview], answer: datetime, content: datetime) -> Since:
    def later(kind: Kind, changed: datetime) -> datetime:
        return max(reviews[kind].at, changed) if kind in reviews else changed

    return Since(
        ratings=later(Kind.FEEDBACK, answer),
        contacts=later(Kind.CONTACT, answer),
        asks=later(Kind.UNANSWERED, content),
    )


def unchanged_since(live: Release, slugs: Collection[str]) -> dict[str, tuple[datetime, datetime]]:
    """Since when each FAQ has the live answer, and since when the live content, by slug.

    ``LONG_AGO`` where no earlier release had another one.
    """
    answers = dict(live.revisions.filter(slug__in=slugs).values_list("slug", "answer"))
    published = sorted(Release.objects.values_list("published_at", flat=True))
    others = Revision.objects.exclude(releases=live.pk).filter(slug__in=answers)
    last: dict[str, list[datetime]] = {slug: [LONG_AGO, LONG_AGO] for slug in answers}
    for slug, answer, at in others.annotate(last=Max("releases__published_at")).values_list(
        "slug", "answer", "last"
    ):
        if at is None:
            continue
        last[slug][1] = max(last[slug][1], at)
        if answer != answers[slug]:
            last[slug][0] = max(last[slug][0], at)

    def after(at: datetime) -> datetime:
        """When the release after it was published."""
        later = published[bisect_right(published, at) :]
        return later[0] if at != LONG_AGO and later else at

    return {slug: (after(answer), after(content)) for slug, (answer, content) in last.items()}


def _first_published(slugs: Collection[str]) -> dict[str, datetime]:
    revisions = Revision.objects.filter(slug__in=slugs).order_by()
    rows = revisions.values("slug").annotate(first=Min("releases__published_at"))
    return {row["slug"]: row["first"] for row in rows if row["first"]}


def _duplicates(
    reviews: Mapping[str, Mapping[Kind, HealthReview]],
) -> dict[str, tuple[Duplicate, ...]]:
    """By the first FAQ of each pair, without pairs that were reviewed not long ago."""
    duplicates: dict[str, tuple[Duplicate, ...]] = {}
    for pair in ReleaseComparison.objects.pairs():
        faq_id, other_id = pair.faq_ids
        review = reviews.get(faq_id, {}).get(Kind.DUPLICATE)
        if review is None or not review.is_recent:
            duplicate = Duplicate(other_id, *pair.phrasings, pair.similarity)
            duplicates[faq_id] = (*duplicates.get(faq_id, ()), duplicate)
    return duplicates
