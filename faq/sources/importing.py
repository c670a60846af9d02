"""The first import of a source: a file of its questions for the usual preview, and their link."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from faq.files.formats import FORMATS
from faq.files.import_drafts import LIMITS
from faq.files.personal_data import redact_or_reject_rows
from faq.files.reader import split_valid
from faq.models import Faq, Phrasing, Source, SourcePair
from faq.phrasing import distinct, key_of
from faq.releases.drafts import drafts
from faq.short_ids import short_id
from faq.sources.pairs import Pair

FORMAT = "json"


def as_file(source: Source, pairs: Sequence[Pair]) -> bytes:
    """The pairs as a JSON file of FAQs, for ``import_drafts.preview``.

    An FAQ that already has the question is named, so that it comes from the source from now on,
    unless it comes from another source.
    """
    used = set(Faq.objects.values_list("slug", flat=True))
    existing = _existing(pairs)
    fields = ("category", "audience", "owner")
    overrides = {name: getattr(source, name) for name in fields if getattr(source, name)}
    rows = []
    for pair in pairs:
        faq = existing.pop(key_of(pair.question), None)
        if faq is None:
            slug = short_id(pair.question, used)
            used.add(slug)
            row = _row(slug, pair.question, pair.alternates, pair.answer)
            rows.append({**row, **overrides})
            continue
        for phrasing in faq.content().phrasings:
            existing.pop(key_of(phrasing), None)
        more = (*faq.content().alternates, pair.question, *pair.alternates)
        rows.append(_row(faq.slug, faq.question, distinct(faq.question, more), pair.answer))
    return json.dumps({"faqs": rows}, ensure_ascii=False).encode("utf-8", "replace")


def _existing(pairs: Sequence[Pair]) -> dict[bytes, Faq]:
    """FAQs without a source, by the key of each of their phrasings that is a question here."""
    keys = [key_of(pair.question) for pair in pairs]
    claims = Phrasing.objects.filter(key__in=keys, faq__source_pairs=None)
    return {
        bytes(claim.key): claim.faq
        for claim in claims.select_related("faq").prefetch_related("faq__alternates")
    }


def _row(slug: str, question: str, alternates: Sequence[str], answer: str) -> dict[str, Any]:
    return {"id": slug, "question": question, "alternates": list(alternates), "answer": answer}


def answers_in(file: bytes) -> dict[str, str]:
    """The answers in such a file, by FAQ id."""
    return {row["id"]: row["answer"] for row in json.loads(file)["faqs"]}


def link(source: Source, file: bytes, *, by: str) -> int:
    """Link the FAQs that were saved from this file to the source; returns their number.

    Call it in the transaction that saves them. Rows that were skipped are not linked.
    """
    content = split_valid(FORMATS[FORMAT].read, file, limits=LIMITS)
    rows, _ = redact_or_reject_rows(content.rows)
    saved = drafts(row.slug for row in rows)
    faqs = Faq.objects.in_bulk(list(saved), field_name="slug")
    linked = []
    for row in rows:
        draft = row.draft()
        stored = saved.get(row.slug)
        if stored is None or stored.content.answer != draft.content.answer:
            continue
        linked.append(
            SourcePair(
                source=source,
                faq=faqs[row.slug],
                question=draft.content.question,
                alternates=list(draft.content.alternates),
                answer=draft.content.answer,
            )
        )
    SourcePair.objects.bulk_create(linked, ignore_conflicts=True)
    source.record("imported", by=by, ids=[pair.faq.slug for pair in linked])
    return len(linked)
