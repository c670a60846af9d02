"""A file of FAQs into the knowledge base, and straight into a release: whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any

from audit.models import record
from faq.content import Content, Difference, KnowledgeBase
from faq.drafts import Draft, drafts, put, remember
from faq.models import Faq, Release, Taken
from faq.personal import findings
from faq.publishing import (
    Overtaken,
    Progress,
    Unpublishable,
    current_rules,
    prepare,
    release,
    writing,
)
from faq.reading import FaqRow


class Result(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Plan:
    """What an ingest will do: from the live FAQs ``before`` to what is ``wanted``."""

    difference: Difference
    before: Mapping[str, Content]
    drafts: Mapping[str, Draft]
    wanted: KnowledgeBase
    retire: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What an ingest did. ``missing``: live FAQs the file does not have, still live."""

    release: int | None
    results: Mapping[str, Result]
    rows: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    personal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What is new in it and holds personal data that everybody will read: such as answer: EMAIL."""

    def count(self, result: Result) -> int:
        return sum(1 for each in self.results.values() if each is result)

    def __str__(self) -> str:
        counts = ", ".join(f"{self.count(result)} {result.value}" for result in Result)
        return f"{counts}, {len(self.retired)} retired"


def content_of(row: FaqRow) -> Content:
    own = {name: row.own[name] for name in OWN if name in row.own}
    return Content(row.slug, row.question, row.answer, row.category, row.alternates, **own)


OWN = ("threshold", "margin", "audience")
"""What a file may leave to the FAQ as it is."""


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
    """Make the live release say what the rows say; drafts that they do not touch stay drafts.

    ``retire_missing`` retires published FAQs that the file does not have; otherwise they are only
    reported. ``keep_edits`` leaves alone rows the file has not changed since it was last read, so
    that what curators did meanwhile stays. Raises ``PublishError``; nothing is written then.
    """
    file = {row.slug: content_of(row) for row in rows}
    silent = frozenset(OWN).difference(*(row.own for row in rows[:1]))
    plan = partial(_plan, file, silent=silent, retire_missing=retire_missing, keep_edits=keep_edits)
    planned = plan()
    if dry_run:
        return _report(rows, planned, None)
    prepared = prepare(planned.wanted, progress=progress)
    with writing():
        if plan() != planned:
            raise Overtaken("FAQs were changed while the file was read in; try again.")
        _apply(file, planned, actor=actor)
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


def _plan(
    file: Mapping[str, Content], *, silent: frozenset[str], retire_missing: bool, keep_edits: bool
) -> Plan:
    live = Release.objects.live()
    before = live.knowledge_base() if live else KnowledgeBase({})
    known = {faq["slug"]: faq for faq in _known(file)}
    kept = {
        slug
        for slug, content in file.items()
        if keep_edits and slug in known and known[slug]["file_digest"] == content.digest
    }
    wanted = {
        slug: _with_own_fields(content, known.get(slug), silent)
        for slug, content in file.items()
        if slug not in kept
    }
    published = before.contents
    added = wanted.keys() - published.keys()
    changed = {slug for slug in wanted.keys() - added if wanted[slug] != published[slug]}
    gone = tuple(sorted(published.keys() - file.keys()))
    retire = gone if retire_missing else ()
    touched = {*added, *changed, *retire}
    return Plan(
        difference=Difference(
            added=tuple(sorted(added)),
            changed=tuple(sorted(changed)),
            gone=gone,
            same=tuple(sorted(file.keys() - added - changed)),
        ),
        before=published,
        drafts=drafts(touched),
        wanted=KnowledgeBase(
            {s: content for s, content in {**published, **wanted}.items() if s not in retire},
            # Rules are no part of a file; the first release takes what there is.
            before.rules if live else current_rules(),
        ),
        retire=retire,
    )


def _known(file: Mapping[str, Content]) -> Iterable[dict[str, Any]]:
    # Not whole rows: at 20,000 FAQs making objects of them takes longer than all that follows.
    known: Iterable[dict[str, Any]] = Faq.objects.filter(slug__in=list(file)).values(
        "slug", "file_digest", *OWN
    )
    return known


def _with_own_fields(
    content: Content, faq: Mapping[str, Any] | None, silent: frozenset[str]
) -> Content:
    """What the file has no column for stays as a curator set it."""
    own = {name: faq[name] for name in silent if faq[name] != getattr(content, name)} if faq else {}
    return replace(content, **own) if own else content


def _apply(file: Mapping[str, Content], plan: Plan, *, actor: str) -> None:
    """Write the drafts that the file changes. Others, and colleagues' edits of them, stay."""
    touched = (*plan.difference.added, *plan.difference.changed)
    before = plan.drafts
    wanted = {
        slug: replace(before[slug], content=plan.wanted.contents[slug], retired=False)
        if slug in before
        else Draft(plan.wanted.contents[slug])
        for slug in touched
    }
    wanted |= {slug: replace(before[slug], retired=True) for slug in plan.retire if slug in before}
    digests = {slug: content.digest for slug, content in file.items()}
    try:
        put(wanted, actor=actor)
        remember(digests)
    except Taken as taken:
        raise Unpublishable(taken.clashes) from None


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
        personal=_personal(plan),
    )


def _personal(plan: Plan) -> dict[str, tuple[str, ...]]:
    new = (*plan.difference.added, *plan.difference.changed)
    found = {slug: tuple(map(str, findings(plan.wanted.contents[slug]))) for slug in new}
    return {slug: told for slug, told in found.items() if told}
