"""Read and write drafts; every write records who changed which field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.models import record
from faq.content import Content, Draft
from faq.models import CHUNK_SIZE, AlternateQuestion, Faq, Phrasing

MAX_SINGLE_RECORDS = 500
"""Up to this many new FAQs have a record each; above it, only the import's record lists them."""


def draft_of(faq: Faq) -> Draft:
    return Draft(faq.content(), faq.owner, faq.review_by, faq.retired)


def drafts(slugs: Iterable[str] | None = None) -> dict[str, Draft]:
    """Drafts by slug; all drafts if ``slugs`` is None."""
    faqs = Faq.objects.all() if slugs is None else Faq.objects.filter(slug__in=list(slugs))
    faqs = faqs.prefetch_related("alternates")
    return {faq.slug: draft_of(faq) for faq in faqs.iterator(CHUNK_SIZE)}


def upsert(new: Mapping[str, Draft], *, actor: str) -> tuple[str, ...]:
    """Create or update these drafts; returns the slugs that changed.

    Call it inside ``publishing.lock_knowledge_base()``. Raises ``models.PhrasingConflict``.
    """
    before = drafts(new)
    changed = [slug for slug, draft in new.items() if before.get(slug) != draft]
    _write({slug: new[slug] for slug in changed}, before)
    added = [slug for slug in changed if slug not in before]
    unrecorded = set(added) if len(added) > MAX_SINGLE_RECORDS else set()
    for slug in changed:
        if slug not in unrecorded:
            old = before[slug].as_dict() if slug in before else {}
            record_change(slug, old, new[slug].as_dict(), by=actor)
    return tuple(changed)


def record_change(slug: str, before: dict[str, Any], after: dict[str, Any], *, by: str) -> None:
    """Record the fields of an FAQ that changed; no record if none did."""
    changed = {
        name: {"before": before.get(name), "after": value}
        for name, value in after.items()
        if before.get(name) != value
    }
    if changed:
        verb = "changed" if before else "added"
        record(f"faq.{verb}", actor=by, kind="faq", key=slug, data={"fields": changed})


_CONTENT_COLUMNS = tuple(field.name for field in fields(Content) if field.name != "alternates")
_UPDATED_COLUMNS = (*_CONTENT_COLUMNS[1:], "owner", "review_by", "retired")


def _write(changed: Mapping[str, Draft], before: Mapping[str, Draft]) -> None:
    rows = Faq.objects.bulk_create(
        [_row(draft) for draft in changed.values()],
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=[*_UPDATED_COLUMNS, "digest", "updated"],
        batch_size=1000,
    )
    ids = {row.slug: row.pk for row in rows}
    old = {slug: draft.content.alternates for slug, draft in before.items()}
    new = {slug: draft.content.alternates for slug, draft in changed.items()}
    replaced = [slug for slug in new if old.get(slug, ()) != new[slug]]
    AlternateQuestion.objects.filter(faq_id__in=[ids[s] for s in replaced if old.get(s)]).delete()
    AlternateQuestion.objects.bulk_create(
        [AlternateQuestion(faq_id=ids[slug], text=text) for slug in replaced for text in new[slug]],
        batch_size=5000,
    )
    # Not refresh_claims, which reads the rows again: seconds at 20,000 FAQs.
    Phrasing.objects.claim(
        {
            ids[slug]: () if draft.retired else draft.content.phrasings
            for slug, draft in changed.items()
        }
    )


def _row(draft: Draft) -> Faq:
    content = draft.content
    return Faq(
        **{name: getattr(content, name) for name in _CONTENT_COLUMNS},
        owner=draft.owner,
        review_by=draft.review_by,
        retired=draft.retired,
        digest=content.digest,
        updated=timezone.now(),
    )


def digests_of_files() -> dict[str, str]:
    """By slug: the digest of the file's row when the FAQ was last ingested."""
    return dict(Faq.objects.exclude(file_digest="").values_list("slug", "file_digest"))


def store_file_digests(digests: Mapping[str, str]) -> None:
    """Store the digest of each row of a file, so that the next ingest can skip unchanged rows."""
    # bulk_update writes a condition for every row: seconds at 20,000 FAQs.
    with connection.cursor() as cursor:
        cursor.execute(STORE_DIGESTS, [list(digests), list(digests.values())])


STORE_DIGESTS = """
    UPDATE faq_faq SET file_digest = file.digest
    FROM unnest(%s::text[], %s::text[]) AS file (slug, digest)
    WHERE faq_faq.slug = file.slug AND faq_faq.file_digest <> file.digest
"""
