"""Import files of FAQs as drafts, or ingest them: import and publish at once.

``preview`` reports on a file row by row, ``confirm`` writes the previewed drafts. ``ingest``
publishes a file as a release, all or nothing.
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
from faq.files.personal_data import redact_or_reject_rows
from faq.files.reader import split_valid
from faq.files.row import FileRow
from faq.files.row_outcomes import Line, Outcome, conflicts, count_outcomes, invalid_lines, line_of
from faq.files.sources import Source
from faq.files.tables import Limits
from faq.ingested_files import IngestedFile
from faq.models import PhrasingConflict, Release
from faq.releases.drafts import digests_of_files, drafts, store_file_digests, upsert
from faq.releases.publishing import (
    ConcurrentChange,
    ConflictingFaqs,
    Progress,
    create_release,
    current_rules,
    prepare_release,
)
from faq.write_lock import lock_knowledge_base

LIMITS = Limits(problems=1_000_000)
"""High, because a preview shows every invalid row."""


class Existing(StrEnum):
    """What to do with existing FAQs that differ from the file."""

    OVERWRITE = "overwrite"
    SKIP = "skip"


# --- As drafts ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What an import would do. ``digest`` depends on the file and on the drafts it changes."""

    lines: list[Line]
    drafts: Mapping[str, Draft]
    digest: str
    notes: list[str]
    """Parts of the file that are ignored, such as a second sheet."""

    def counts(self) -> dict[str, int]:
        return count_outcomes(self.lines)

    @property
    def removed_phrasings(self) -> int:
        return sum(line.removed_phrasings for line in self.lines if line.slug in self.drafts)


def preview(data: bytes, *, format: str, existing: Existing = Existing.OVERWRITE) -> Preview:
    """Report on a file without writing. Raises ``reader.Unreadable`` if it has no rows."""
    content = split_valid(FORMATS[format].read, data, limits=LIMITS)
    rows, rejected = redact_or_reject_rows(content.rows)
    stored = drafts(row.slug for row in rows)
    changed = {row.slug: _draft(row, stored.get(row.slug)) for row in rows}
    overwritable = changed.keys() if existing is Existing.OVERWRITE else changed.keys() - stored
    conflict_by_slug = conflicts(changed, overwritable)
    lines = [
        *invalid_lines([*content.problems, *rejected]),
        *(
            line_of(
                row, stored.get(row.slug), changed[row.slug], conflict_by_slug.get(row.slug, "")
            )
            for row in rows
        ),
    ]
    write = {Outcome.NEW, Outcome.CHANGED} if existing is Existing.OVERWRITE else {Outcome.NEW}
    selected = {line.slug for line in lines if line.outcome in write}
    digest = hashlib.sha256(data + f"\0{format}\0{existing}".encode())
    for slug in sorted(selected):
        before = stored[slug].etag if slug in stored else ""
        digest.update(f"{slug}\0{before}\0{changed[slug].etag}\0".encode())
    return Preview(
        lines=sorted(lines, key=lambda line: line.row),
        drafts={slug: changed[slug] for slug in changed if slug in selected},
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
    """Write the drafts of the preview with this digest; returns their slugs.

    Raises ``ConcurrentChange`` if the file would now change anything else.
    """
    with lock_knowledge_base():
        current = preview(data, format=format, existing=existing)
        if current.digest != digest:
            raise ConcurrentChange(
                "FAQs changed since the preview. Check the new preview and confirm again."
            )
        changed = _write(current.drafts, actor=actor)
        counts = current.counts()
        facts = {"source": source, "format": format, "counts": counts, "ids": list(changed)}
        record("faq.imported", actor=actor, kind="import", key=digest[:16], data=facts)
    return changed


def export(format: Format, drafts: Mapping[str, Draft]) -> bytes:
    """The drafts as a file. Raises ``Unreadable`` if the format cannot hold them."""
    assert format.write
    return format.write(draft for _, draft in sorted(drafts.items()))


def _draft(row: FileRow, stored: Draft | None) -> Draft:
    """The draft after the row's changes; the owner is stored as a pseudonym."""
    draft = row.draft(stored)
    return replace(draft, owner=stored_name(draft.owner)) if "owner" in row.values else draft


def _write(changed: Mapping[str, Draft], *, actor: str) -> tuple[str, ...]:
    try:
        return upsert(changed, actor=actor)
    except PhrasingConflict as conflict:
        raise ConflictingFaqs(conflict.clashes) from None


# --- Published at once ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """The result of an ingest; ``release`` is None after a dry run.

    ``missing``: live FAQs that are not in the file and stay live.
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
    """The drafts to write and the knowledge base to publish."""

    lines: list[Line]
    before: Mapping[str, Draft]
    """The drafts that are overwritten."""
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
    """Publish a file of FAQs, whole or not at all. Drafts of other FAQs stay drafts.

    ``retire_missing`` retires published FAQs that are not in the file; by default they are only
    reported. ``keep_edits`` skips rows that have not changed since the file was last ingested, so
    that curators' edits stay. Raises ``Unreadable`` and ``PublishError``; then nothing is written.
    """
    file = source.read()

    def plan() -> _Plan:
        return _plan(file.rows, retire_missing=retire_missing, keep_edits=keep_edits)

    planned = plan()
    notes = tuple(file.notes)
    report = Report(None, planned.lines, planned.missing, planned.retire, notes)
    if dry_run:
        return report
    # Embedding is slow, so it runs before the lock.
    prepared = prepare_release(planned.knowledge_base, progress=progress)
    with lock_knowledge_base():
        if plan() != planned:
            raise ConcurrentChange("FAQs changed while the file was read. Try again.")
        _write(planned.drafts, actor=actor)
        store_file_digests({row.slug: row.digest for row in file.rows})
        note = f"Ingested {source.name}"
        release = create_release(planned.knowledge_base, prepared, actor=actor, note=note)
        IngestedFile.add(source, release)
        record(
            "faq.ingested",
            actor=actor,
            kind="release",
            key=release.number,
            data={"source": source.name, "summary": str(report), "missing": list(report.missing)},
        )
    return replace(report, release=release.number)


def _plan(rows: Sequence[FileRow], *, retire_missing: bool, keep_edits: bool) -> _Plan:
    live = Release.objects.live()
    before = live.knowledge_base() if live else KnowledgeBase({})
    file_digests = digests_of_files() if keep_edits else {}
    missing = tuple(sorted(before.contents.keys() - {row.slug for row in rows}))
    unchanged = {
        row.slug
        for row in rows
        if (row.slug in file_digests and file_digests[row.slug] == row.digest)
        or _is_published(row, before.contents)
    }
    # Reading unchanged drafts as well would take most of the time at 20,000 FAQs.
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
        # Unpublished edits of other fields stay unpublished.
        base = draft
        if published:
            base = replace(draft or Draft(published), content=published, retired=False)
        after = replace(_draft(row, base), retired=bool(row.values.get("retired")))
        lines.append(line_of(row, base if published else None, after))
        if lines[-1].outcome is Outcome.SAME:
            continue
        edited = after if base is draft else _draft(row, draft)
        changed[row.slug] = replace(edited, retired=after.retired)
        if not after.retired:
            contents[row.slug] = after.content
        elif published:
            retire.append(row.slug)
    changed |= {slug: replace(stored[slug], retired=True) for slug in retire if slug in stored}
    for slug in retire:
        contents.pop(slug, None)
    # A file has no rules: the live release's stay; the first release uses the drafted ones.
    rules = before.rules if live else current_rules()
    return _Plan(
        lines=lines,
        before={slug: stored[slug] for slug in changed if slug in stored},
        drafts=changed,
        knowledge_base=KnowledgeBase(contents, rules),
        retire=tuple(retire),
        missing=() if retire_missing else missing,
    )


def _is_published(row: FileRow, published: Mapping[str, Content]) -> bool:
    """True if the live release already has the row's content, and no other column can differ."""
    content = published.get(row.slug)
    if content is None or not row.values.keys().isdisjoint(("owner", "review_by", "retired")):
        return False
    return row.draft(Draft(content)).content == content
