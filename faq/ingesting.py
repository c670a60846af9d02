"""A file of FAQs into the knowledge base, and straight into a release: whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from audit.models import record
from faq.cells import FaqRow
from faq.content import Content, Difference, KnowledgeBase
from faq.drafts import Draft, drafts, put, remember
from faq.known_files import KnownFile, digest_of, situation
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
from faq.reading import Unreadable
from faq.sources import read_path


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

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.difference.added or self.difference.changed or self.retire)

    @property
    def missing(self) -> tuple[str, ...]:
        """Live FAQs the file does not have, and that stay."""
        return tuple(slug for slug in self.difference.gone if slug not in self.retire)


@dataclass(frozen=True)
class Report:
    """What an ingest did. ``missing``: live FAQs the file does not have, still live."""

    release: int | None
    results: Mapping[str, Result]
    unread: int = 0
    """Unchanged ones of a file that was not read again: none of ``results``."""
    rows: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    personal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What is new in it and holds personal data that everybody will read: such as answer: EMAIL."""

    def count(self, result: Result) -> int:
        unread = self.unread if result is Result.UNCHANGED else 0
        return unread + sum(1 for each in self.results.values() if each is result)

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
    file_digest: str = "",
) -> Report:
    """Make the live release say what the rows say; drafts that they do not touch stay drafts.

    ``retire_missing`` retires published FAQs that the file does not have; otherwise they are only
    reported. ``keep_edits`` leaves alone rows the file has not changed since it was last read, so
    that what curators did meanwhile stays. ``file_digest`` is the ``known_files.digest_of`` what
    the rows were read from, so that ``unchanged`` knows it. Raises ``PublishError``; nothing is
    written then.
    """

    def now() -> str:
        return situation(file_digest, retire_missing=retire_missing, keep_edits=keep_edits)

    file = {row.slug: content_of(row) for row in rows}
    silent = frozenset(OWN).difference(*(row.own for row in rows[:1]))
    plan = partial(_plan, file, silent=silent, retire_missing=retire_missing, keep_edits=keep_edits)
    before = now()
    planned = plan()
    if dry_run:
        return _report(rows, planned, None)
    prepared = prepare(planned.wanted, progress=progress)
    with writing():
        # Of drafts that are not touched, all that counts is in the situation.
        same = before and before == now() and not planned.changes
        if not same and plan() != planned:
            raise Overtaken("FAQs were changed while the file was read in; try again.")
        _apply(file, planned, actor=actor)
        made = release(planned.wanted, prepared, actor=actor, note=f"Ingested {source}")
        report = _report(rows, planned, made)
        _record(report, actor=actor, source=source)
        after = now()
        # Asked first: what is changed from here on makes another situation.
        left = planned if after == before else plan()
        if file_digest and after and not left.changes:
            KnownFile.keep(after, unchanged=len(left.difference.same), missing=left.missing)
    return report


def is_known(path: Path, *, keep_edits: bool) -> bool:
    """Whether ``manage.py ingest`` would not have to read that file."""
    try:
        digest = digest_of([read_path(path), None])
    except Unreadable:
        return False
    now = situation(digest, retire_missing=False, keep_edits=keep_edits)
    return KnownFile.objects.filter(situation=now).exists()


def unchanged(
    file_digest: str, *, actor: str, source: str, retire_missing: bool, keep_edits: bool
) -> Report | None:
    """What ``ingest`` would report of this file, if it is known to change nothing now."""
    now = situation(file_digest, retire_missing=retire_missing, keep_edits=keep_edits)
    known, live = KnownFile.objects.filter(situation=now).first(), Release.objects.live()
    if not (known and live):
        return None
    report = Report(live.number, {}, unread=known.unchanged, missing=tuple(known.missing))
    _record(report, actor=actor, source=source)
    return report


def _record(report: Report, *, actor: str, source: str) -> None:
    record(
        "faq.ingested",
        actor=actor,
        kind="release",
        key=report.release,
        data={"source": source, "summary": str(report), "missing": list(report.missing)},
    )


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
        missing=plan.missing,
        retired=plan.retire,
        personal=_personal(plan),
    )


def _personal(plan: Plan) -> dict[str, tuple[str, ...]]:
    new = (*plan.difference.added, *plan.difference.changed)
    found = {slug: tuple(map(str, findings(plan.wanted.contents[slug]))) for slug in new}
    return {slug: told for slug, told in found.items() if told}
