"""Files of FAQs into the knowledge base: as drafts, or published at once.

``preview`` looks at a file row by row, ``confirm`` writes what it showed as drafts. ``ingest`` is
both and a release, whole or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from audit.models import record
from audit.people.pseudonyms import stored_name
from faq.content import Content, Draft, KnowledgeBase
from faq.files.formats import FORMATS, Format
from faq.files.ingested_files import IngestedFile
from faq.files.personal_data import split_admitted
from faq.files.reader import split_valid
from faq.files.row import FileRow
from faq.files.row_outcomes import Line, Outcome, conflicts, count_outcomes, invalid_lines, line_of
from faq.files.sources import Source
from faq.files.tables import Limits
from faq.models import Release, Taken
from faq.releases.drafts import digests_of_files, drafts, put, store_file_digests
from faq.releases.publishing import (
    Overtaken,
    Progress,
    Unpublishable,
    current_rules,
    prepare,
    release,
    writing,
)

LIMITS = Limits(problems=1_000_000)
"""Every bad row is shown in its place, so none may be left out."""


class Existing(StrEnum):
    """What to do with FAQs that are there and say something else."""

    OVERWRITE = "overwrite"
    SKIP = "skip"


# --- As drafts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What an import would do. ``digest`` changes with the file and what it would write over."""

    lines: list[Line]
    drafts: Mapping[str, Draft]
    digest: str
    notes: list[str]
    """What of the file is left out, such as a second sheet."""

    def counts(self) -> dict[str, int]:
        return count_outcomes(self.lines)

    @property
    def removed_phrasings(self) -> int:
        return sum(line.removed_phrasings for line in self.lines if line.slug in self.drafts)


def preview(data: bytes, *, format: str, existing: Existing = Existing.OVERWRITE) -> Preview:
    """Look at a file; writes nothing. Raises ``reading.Unreadable`` if it has no rows at all."""
    content = split_valid(FORMATS[format].read, data, limits=LIMITS)
    rows, refused = split_admitted(content.rows)
    stored = drafts(row.slug for row in rows)
    changed = {row.slug: _draft(row, stored.get(row.slug)) for row in rows}
    written_over = changed.keys() if existing is Existing.OVERWRITE else changed.keys() - stored
    taken = conflicts(changed, written_over)
    lines = [
        *invalid_lines([*content.problems, *refused]),
        *(
            line_of(row, stored.get(row.slug), changed[row.slug], taken.get(row.slug, ""))
            for row in rows
        ),
    ]
    write = {Outcome.NEW, Outcome.CHANGED} if existing is Existing.OVERWRITE else {Outcome.NEW}
    chosen = {line.slug for line in lines if line.outcome in write}
    digest = hashlib.sha256(data + f"\0{format}\0{existing}".encode())
    for slug in sorted(chosen):
        before = stored[slug].etag if slug in stored else ""
        digest.update(f"{slug}\0{before}\0{changed[slug].etag}\0".encode())
    return Preview(
        lines=sorted(lines, key=lambda line: line.row),
        drafts={slug: changed[slug] for slug in changed if slug in chosen},
        digest=digest.hexdigest(),
        notes=content.notes,
    )


def confirm(
    data: bytes,
    *,
    digest: str,
    actor: str,
    source: str,
    format: str,
    existing: Existing = Existing.OVERWRITE,
) -> tuple[str, ...]:
    """Write what the preview with that digest showed, as drafts; the slugs that were written.

    Raises ``Overtaken`` if it would be something else by now.
    """
    with writing():
        current = preview(data, format=format, existing=existing)
        if current.digest != digest:
            raise Overtaken("FAQs were changed since the preview; look at it again.")
        changed = _write(current.drafts, actor=actor)
        counts = current.counts()
        facts = {"source": source, "format": format, "counts": counts, "ids": list(changed)}
        record("faq.imported", actor=actor, kind="import", key=digest[:16], data=facts)
    return changed


def export(format: Format, chosen: Mapping[str, Draft]) -> bytes:
    """These drafts in one of our formats. Raises ``Unreadable`` where it cannot hold them."""
    assert format.write
    return format.write(draft for _, draft in sorted(chosen.items()))


def _draft(row: FileRow, stored: Draft | None) -> Draft:
    """What the row makes of a draft; people are stored under their pseudonym."""
    draft = row.draft(stored)
    return replace(draft, owner=stored_name(draft.owner)) if "owner" in row.values else draft


def _write(changed: Mapping[str, Draft], *, actor: str) -> tuple[str, ...]:
    try:
        return put(changed, actor=actor)
    except Taken as taken:
        raise Unpublishable(taken.clashes) from None


# --- Published at once ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """What an ingest did, or would do: ``release`` is None then.

    ``missing``: live FAQs that the file does not have, and that stay.
    """

    release: int | None
    lines: list[Line]
    missing: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def removed_phrasings(self) -> int:
        return sum(line.removed_phrasings for line in self.lines)

    def __str__(self) -> str:
        counts = count_outcomes(self.lines)
        new, changed, same = counts["new"], counts["changed"], counts["same"]
        return f"{new} added, {changed} changed, {same} unchanged, {len(self.retired)} retired"


@dataclass(frozen=True)
class _Plan:
    """What an ingest will do: the drafts to write, and the knowledge base to publish."""

    lines: list[Line]
    before: Mapping[str, Draft]
    """The drafts that are written over."""
    drafts: Mapping[str, Draft]
    knowledge_base: KnowledgeBase
    retire: tuple[str, ...]
    missing: tuple[str, ...]


def ingest(
    source: Source,
    *,
    actor: str,
    retire_missing: bool = False,
    keep_edits: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Publish what a file says: whole or not at all. Drafts that it does not change stay drafts.

    ``retire_missing`` retires published FAQs that the file does not have; otherwise they are only
    reported. ``keep_edits`` leaves rows alone that the file has not changed since it was last
    ingested, so that what curators did meanwhile stays. Raises ``Unreadable`` and ``PublishError``;
    nothing is written then.
    """
    file = source.read()

    def plan() -> _Plan:
        return _plan(file.rows, retire_missing=retire_missing, keep_edits=keep_edits)

    planned = plan()
    notes = tuple(file.notes)
    report = Report(None, planned.lines, planned.missing, planned.retire, notes)
    if dry_run:
        return report
    # Embedding takes long, so it comes before the lock.
    prepared = prepare(planned.knowledge_base, progress=progress)
    with writing():
        if plan() != planned:
            raise Overtaken("FAQs were changed while the file was read in; try again.")
        _write(planned.drafts, actor=actor)
        store_file_digests({row.slug: _digest(row) for row in file.rows})
        note = f"Ingested {source.name}"
        made = release(planned.knowledge_base, prepared, actor=actor, note=note)
        IngestedFile.add(source, made)
        record(
            "faq.ingested",
            actor=actor,
            kind="release",
            key=made.number,
            data={"source": source.name, "summary": str(report), "missing": list(report.missing)},
        )
    return replace(report, release=made.number)


def _plan(rows: Sequence[FileRow], *, retire_missing: bool, keep_edits: bool) -> _Plan:
    live = Release.objects.live()
    before = live.knowledge_base() if live else KnowledgeBase({})
    known = digests_of_files() if keep_edits else {}
    missing = tuple(sorted(before.contents.keys() - {row.slug for row in rows}))
    unchanged = {
        row.slug
        for row in rows
        if known.get(row.slug) == _digest(row) or _says_the_same(row, before.contents)
    }
    # Reading them all takes most of the time at 20,000 FAQs of which few change.
    stored = drafts(
        [
            *(row.slug for row in rows if row.slug not in unchanged),
            *(missing if retire_missing else ()),
        ]
    )
    lines: list[Line] = []
    changed: dict[str, Draft] = {}
    contents = dict(before.contents)
    retire = list(missing) if retire_missing else []
    for row in rows:
        if row.slug in unchanged:
            question = row.values["question"]
            lines.append(Line(row.row, row.slug, question, Outcome.SAME))
            continue
        published = before.contents.get(row.slug)
        draft = stored.get(row.slug)
        # What a colleague has drafted besides, and not published, is not published along.
        base = draft
        if published:
            base = replace(draft or Draft(published), content=published, retired=False)
        after = replace(_draft(row, base), retired=bool(row.values.get("retired")))
        lines.append(line_of(row, base if published else None, after))
        if lines[-1].outcome is Outcome.SAME:
            continue
        changed[row.slug] = replace(_draft(row, draft), retired=after.retired)
        if not after.retired:
            contents[row.slug] = after.content
        elif published:
            retire.append(row.slug)
    changed |= {slug: replace(stored[slug], retired=True) for slug in retire if slug in stored}
    for slug in retire:
        contents.pop(slug, None)
    # Rules are no part of a file; the first release takes those there are.
    rules = before.rules if live else current_rules()
    return _Plan(
        lines=lines,
        before={slug: stored[slug] for slug in changed if slug in stored},
        drafts=changed,
        knowledge_base=KnowledgeBase(contents, rules),
        retire=tuple(retire),
        missing=() if retire_missing else missing,
    )


def _says_the_same(row: FileRow, published: Mapping[str, Content]) -> bool:
    """Whether nothing of the row is new, neither in what is published nor about its draft."""
    content = published.get(row.slug)
    if content is None or not row.values.keys().isdisjoint(("owner", "review_by", "retired")):
        return False
    return row.draft(Draft(content)).content == content


def _digest(row: FileRow) -> str:
    return row.draft().content.digest
