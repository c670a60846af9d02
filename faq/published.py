"""Published FAQs as readers of a page see them: with the date of their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from faq.content import Content
from faq.models import Release, Revision


@dataclass(frozen=True)
class PublishedFaq:
    """An FAQ of a release; ``since``: when its words were first published."""

    faq_id: str
    question: str
    answer: str
    category: str
    audience: str
    since: datetime | None


def published_in(named: Iterable[tuple[int, str]]) -> dict[tuple[int, str], PublishedFaq]:
    """The FAQs by number of the release and faq_id; those that are not in it are left out."""
    keys = set(named)
    revisions = Revision.objects.filter(
        releases__number__in={number for number, _ in keys}, slug__in={name for _, name in keys}
    )
    columns = ("releases__number", "digest", "slug", "question", "answer", "category", "audience")
    rows = [row for row in revisions.values_list(*columns) if (row[0], row[2]) in keys]
    since = first_published(row[1] for row in rows)
    faqs = {}
    for number, digest, slug, question, answer, category, audience in rows:
        faq = PublishedFaq(slug, question, answer, category, audience, since.get(digest))
        faqs[number, slug] = faq
    return faqs


def as_published(contents: Iterable[Content]) -> list[PublishedFaq]:
    """The same for contents of a loaded release."""
    contents = list(contents)
    since = first_published(content.digest for content in contents)
    return [
        PublishedFaq(
            content.slug,
            content.question,
            content.answer,
            content.category,
            content.audience,
            since.get(content.digest),
        )
        for content in contents
    ]


def first_published(digests: Iterable[str]) -> Mapping[str, datetime]:
    """When each content was first published."""
    releases = Release.objects.filter(revisions__digest__in=set(digests)).order_by()
    pairs = releases.values_list("revisions__digest").annotate(Min("published_at"))
    return dict(pairs)
