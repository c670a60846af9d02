"""Drafts: what curators edit, written in one place, with who changed which field on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.models import record
from faq.content import Content, Draft
from faq.models import AlternateQuestion, Faq, Phrasing

TOLD_ONE_BY_ONE = 500
"""New FAQs of one file that get a record each; of more, the file's own record lists the ids."""


def draft_of(faq: Faq) -> Draft:
    return Draft(faq.content(), faq.owner, faq.review_by, faq.retired)


def drafts(slugs: Iterable[str] | None = None) -> dict[str, Draft]:
    """By slug; all of them unless told which."""
    faqs = Faq.objects.all() if slugs is None else Faq.objects.filter(slug__in=list(slugs))
    read = faqs.prefetch_related("alternates").iterator(2_000)
    return {faq.slug: draft_of(faq) for faq in read}


def put(wanted: Mapping[str, Draft], *, actor: str) -> tuple[str, ...]:
    """Make these drafts say this, inside ``publishing.writing()``; the slugs that changed.

    Raises ``models.Taken``.
    """
    before = drafts(wanted)
    changed = [slug for slug, draft in wanted.items() if before.get(slug) != draft]
    _write({slug: wanted[slug] for slug in changed}, before)
    added = [slug for slug in changed if slug not in before]
    quiet = set(added) if len(added) > TOLD_ONE_BY_ONE else set()
    for slug in changed:
        if slug not in quiet:
            old = before[slug].as_dict() if slug in before else {}
            record_change(slug, old, wanted[slug].as_dict(), by=actor)
    return tuple(changed)


def record_change(slug: str, before: dict[str, Any], after: dict[str, Any], *, by: str) -> None:
    """Which field of an FAQ changed, from what to what; nothing if none did."""
    changed = {
        name: {"before": before.get(name), "after": value}
        for name, value in after.items()
        if before.get(name) != value
    }
    if changed:
        verb = "changed" if before else "added"
        record(f"faq.{verb}", actor=by, kind="faq", key=slug, data={"fields": changed})


_TEXTS = tuple(each.name for each in fields(Content) if each.name != "alternates")
_COLUMNS = (*_TEXTS[1:], "owner", "review_by", "retired")


def _write(wanted: Mapping[str, Draft], before: Mapping[str, Draft]) -> None:
    rows = Faq.objects.bulk_create(
        [_row(draft) for draft in wanted.values()],
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=[*_COLUMNS, "digest", "updated"],
        batch_size=1000,
    )
    ids = {row.slug: row.pk for row in rows}
    had = {slug: draft.content.alternates for slug, draft in before.items()}
    told = [slug for slug, draft in wanted.items() if had.get(slug, ()) != draft.content.alternates]
    AlternateQuestion.objects.filter(faq_id__in=[ids[s] for s in told if had.get(s)]).delete()
    AlternateQuestion.objects.bulk_create(
        [
            AlternateQuestion(faq_id=ids[slug], text=text)
            for slug in told
            for text in wanted[slug].content.alternates
        ],
        batch_size=5000,
    )
    # As settle does, of what was just written: at 20,000 FAQs reading it again takes seconds.
    Phrasing.objects.claim(
        {
            ids[slug]: () if draft.retired else draft.content.phrasings
            for slug, draft in wanted.items()
        }
    )


def _row(draft: Draft) -> Faq:
    content = draft.content
    return Faq(
        **{name: getattr(content, name) for name in _TEXTS},
        owner=draft.owner,
        review_by=draft.review_by,
        retired=draft.retired,
        digest=content.digest,
        updated=timezone.now(),
    )


def digests_of_files() -> dict[str, str]:
    """By slug: the digest of what a file said of an FAQ when it was last ingested."""
    return dict(Faq.objects.exclude(file_digest="").values_list("slug", "file_digest"))


def store_file_digests(digests: Mapping[str, str]) -> None:
    """What a file says of each FAQ, so that the next ingest can tell what is new in it."""
    # Not bulk_update, which spells out a condition for every row: seconds at 20,000 FAQs.
    with connection.cursor() as cursor:
        cursor.execute(STORE_DIGESTS, [list(digests), list(digests.values())])


STORE_DIGESTS = """
    UPDATE faq_faq SET file_digest = file.digest
    FROM unnest(%s::text[], %s::text[]) AS file (slug, digest)
    WHERE faq_faq.slug = file.slug AND faq_faq.file_digest <> file.digest
"""
