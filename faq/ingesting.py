"""A file of FAQs into the knowledge base, and straight into a release: whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from audit.models import record
from faq.content import Content, Difference, KnowledgeBase
from faq.models import AlternateQuestion, Faq, Release
from faq.publishing import Overtaken, Progress, current, prepare, release, writing
from faq.reading import FaqRow


class Result(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Plan:
    """What an ingest will do: from the published FAQs ``before`` to what is ``wanted``."""

    difference: Difference
    before: Mapping[str, Content]
    wanted: KnowledgeBase
    retire: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What an ingest did. ``missing``: published FAQs the file does not have, still published."""

    release: int | None
    results: Mapping[str, Result]
    rows: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()

    def count(self, result: Result) -> int:
        return sum(1 for each in self.results.values() if each is result)

    def __str__(self) -> str:
        counts = ", ".join(f"{self.count(result)} {result.value}" for result in Result)
        return f"{counts}, {len(self.retired)} retired"


def content_of(row: FaqRow) -> Content:
    return Content(row.slug, row.question, row.answer, row.category, row.alternates)


def ingest(
    rows: Sequence[FaqRow],
    *,
    actor: str,
    source: str,
    retire_missing: bool = False,
    keep_edits: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Make the knowledge base say what the rows say, and publish it.

    ``retire_missing`` retires published FAQs that the file does not have; otherwise they are only
    reported. ``keep_edits`` leaves alone rows the file has not changed since it was last read, so
    that what curators did meanwhile stays. Raises ``PublishError``; nothing is written then.
    """
    file = {row.slug: content_of(row) for row in rows}
    planned = _plan(file, retire_missing=retire_missing, keep_edits=keep_edits)
    if dry_run:
        return _report(rows, planned, None)
    prepared = prepare(planned.wanted, progress=progress)
    with writing():
        if _plan(file, retire_missing=retire_missing, keep_edits=keep_edits) != planned:
            raise Overtaken("FAQs were changed while the file was read in; try again.")
        _apply(file, planned)
        made = release(planned.wanted, prepared, actor=actor, note=f"Ingested {source}")
        report = _report(rows, planned, made)
        record(
            "faq.ingested",
            actor=actor,
            kind="release",
            key=made.number,
            data={"source": source, "summary": str(report), "missing": list(report.missing)},
        )
    return report


def _plan(file: Mapping[str, Content], *, retire_missing: bool, keep_edits: bool) -> Plan:
    faqs = {faq.slug: faq for faq in Faq.objects.prefetch_related("alternates")}
    kept = {
        slug
        for slug, content in file.items()
        if keep_edits and slug in faqs and faqs[slug].file_digest == content.digest
    }
    published = {
        slug: faq.content() for slug, faq in faqs.items() if faq.status == Faq.Status.PUBLISHED
    }
    wanted = {
        slug: _with_own_bounds(content, faqs.get(slug))
        for slug, content in file.items()
        if slug not in kept
    }
    added = wanted.keys() - published.keys()
    changed = {slug for slug in wanted.keys() - added if wanted[slug] != published[slug]}
    gone = tuple(sorted(published.keys() - file.keys()))
    retire = gone if retire_missing else ()
    return Plan(
        difference=Difference(
            added=tuple(sorted(added)),
            changed=tuple(sorted(changed)),
            gone=gone,
            same=tuple(sorted(file.keys() - added - changed)),
        ),
        before=published,
        wanted=KnowledgeBase(
            {s: content for s, content in {**published, **wanted}.items() if s not in retire},
            current().rules,
        ),
        retire=retire,
    )


def _with_own_bounds(content: Content, faq: Faq | None) -> Content:
    """A file says nothing of an FAQ's own threshold and margin: they stay as a curator set them."""
    return replace(content, threshold=faq.threshold, margin=faq.margin) if faq else content


def _apply(file: Mapping[str, Content], plan: Plan) -> None:
    """Write the working copies; unchanged ones only learn what the file said."""
    touched = [*plan.difference.added, *plan.difference.changed]
    Faq.objects.bulk_create(
        [
            Faq(
                slug=slug,
                question=file[slug].question,
                answer=file[slug].answer,
                category=file[slug].category,
                status=Faq.Status.PUBLISHED,
                file_digest=file[slug].digest,
            )
            for slug in touched
        ],
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=["question", "answer", "category", "status", "file_digest", "updated"],
        batch_size=1000,
    )
    ids = dict(Faq.objects.filter(slug__in=touched).values_list("slug", "id"))
    AlternateQuestion.objects.filter(faq_id__in=ids.values()).delete()
    AlternateQuestion.objects.bulk_create(
        [
            AlternateQuestion(faq_id=ids[slug], text=text)
            for slug in touched
            for text in file[slug].alternates
        ],
        batch_size=2000,
    )
    _remember(file, plan.difference.same)
    Faq.objects.filter(slug__in=plan.retire).update(status=Faq.Status.RETIRED)


def _remember(file: Mapping[str, Content], slugs: Sequence[str]) -> None:
    stale = [
        faq
        for faq in Faq.objects.filter(slug__in=slugs).only("slug", "file_digest")
        if faq.file_digest != file[faq.slug].digest
    ]
    for faq in stale:
        faq.file_digest = file[faq.slug].digest
    Faq.objects.bulk_update(stale, ["file_digest"], batch_size=1000)


def _report(rows: Sequence[FaqRow], plan: Plan, made: Release | None) -> Report:
    results = dict.fromkeys(plan.difference.added, Result.ADDED)
    results |= dict.fromkeys(plan.difference.changed, Result.CHANGED)
    results |= dict.fromkeys(plan.difference.same, Result.UNCHANGED)
    return Report(
        release=made.number if made else None,
        results={row.slug: results[row.slug] for row in rows},
        rows={row.slug: row.row for row in rows},
        missing=tuple(slug for slug in plan.difference.gone if slug not in plan.retire),
        retired=plan.retire,
    )
