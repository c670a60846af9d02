"""A file of FAQs into drafts: looked at row by row first, and only then written.

Unlike ``ingesting``, nothing goes live: a publisher reviews what came in like any other draft.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from audit.models import record
from audit.people import known_as
from faq.cells import OWN_COLUMNS, FaqRow
from faq.content import Content
from faq.drafts import Draft, drafts, put
from faq.formats import FORMATS, Format
from faq.models import Phrasing, Taken
from faq.personal import findings, sifted
from faq.phrasing import distinct, key_of
from faq.publishing import Overtaken, Unpublishable, writing
from faq.reading import Problem, sift
from faq.rows import Limits

LIMITS = Limits(problems=1_000_000)
"""Every bad row is shown in its place, so none may be left out."""

OF_CONTENT = ("threshold", "margin", "audience")


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    INVALID = "invalid"


class Existing(StrEnum):
    """What to do with FAQs that are there and say something else."""

    OVERWRITE = "overwrite"
    SKIP = "skip"


@dataclass(frozen=True)
class Line:
    """One row of the file and what would come of it; ``differs`` names the fields."""

    row: int
    slug: str
    question: str
    outcome: Outcome
    reason: str = ""
    differs: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    """Kinds of personal data in it, by field."""


@dataclass(frozen=True)
class Preview:
    """What an import would do. ``digest`` changes with the file and what it would write over."""

    lines: list[Line]
    wanted: Mapping[str, Draft]
    digest: str

    def counts(self) -> dict[str, int]:
        found = Counter(line.outcome for line in self.lines)
        return {outcome.value: found[outcome] for outcome in Outcome}


def preview(data: bytes, *, format: str, existing: Existing = Existing.OVERWRITE) -> Preview:
    """Look at a file; writes nothing. Raises ``reading.Unreadable`` if it has no rows at all."""
    rows, problems = sift(FORMATS[format].read, data, limits=LIMITS)
    rows, refused = sifted(rows)
    problems += refused
    stored = drafts(row.slug for row in rows)
    wanted = {row.slug: _draft(row, stored.get(row.slug)) for row in rows}
    written_over = wanted.keys() if existing is Existing.OVERWRITE else wanted.keys() - stored
    taken = _taken(wanted, written_over)
    lines = [
        *_invalid(problems),
        *(_line(row, wanted[row.slug], stored.get(row.slug), taken.get(row.slug)) for row in rows),
    ]
    write = {Outcome.NEW, Outcome.CHANGED} if existing is Existing.OVERWRITE else {Outcome.NEW}
    chosen = {line.slug for line in lines if line.outcome in write}
    digest = hashlib.sha256(data + f"\0{format}\0{existing}".encode())
    for slug in sorted(chosen):
        before = stored[slug].etag if slug in stored else ""
        digest.update(f"{slug}\0{before}\0{wanted[slug].etag}\0".encode())
    return Preview(
        lines=sorted(lines, key=lambda line: line.row),
        wanted={slug: wanted[slug] for slug in wanted if slug in chosen},
        digest=digest.hexdigest(),
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
        seen = preview(data, format=format, existing=existing)
        if seen.digest != digest:
            raise Overtaken("FAQs were changed since the preview; look at it again.")
        try:
            changed = put(seen.wanted, actor=actor)
        except Taken as taken:
            raise Unpublishable(taken.clashes) from None
        told = {"source": source, "format": format, "counts": seen.counts(), "ids": list(changed)}
        record("faq.imported", actor=actor, kind="import", key=digest[:16], data=told)
    return changed


def export(format: Format, found: Mapping[str, Draft]) -> bytes:
    """These drafts in one of our formats. Raises ``Unreadable`` where it cannot hold them."""
    assert format.write
    return format.write(_row_of(draft) for _, draft in sorted(found.items()))


def _row_of(draft: Draft) -> FaqRow:
    said = draft.content
    own = {
        **{name: getattr(said, name) for name in OF_CONTENT},
        **{name: getattr(draft, name) for name in OWN_COLUMNS if name not in OF_CONTENT},
    }
    return FaqRow(said.slug, said.question, said.answer, said.category, said.alternates, 0, own)


def _draft(row: FaqRow, stored: Draft | None) -> Draft:
    """What the row says; what the file has no column for stays as it is."""
    base = stored or Draft(Content(row.slug, "", ""))
    content = replace(
        base.content,
        question=row.question,
        answer=row.answer,
        category=row.category,
        alternates=row.alternates,
        **{name: row.own[name] for name in OF_CONTENT if name in row.own},
    )
    own = {n: row.own[n] for n in OWN_COLUMNS if n in row.own and n not in OF_CONTENT}
    if "owner" in own:
        own["owner"] = known_as(own["owner"])
    return replace(base, content=content, **own)


def _line(row: FaqRow, wanted: Draft, stored: Draft | None, taken: str | None) -> Line:
    if taken:
        return Line(row.row, row.slug, row.question, Outcome.INVALID, taken)
    personal = tuple(map(str, findings(wanted.content)))
    if stored is None:
        return Line(row.row, row.slug, row.question, Outcome.NEW, personal=personal)
    before, after = _as_read(stored).as_dict(), wanted.as_dict()
    differs = tuple(name for name in after if after[name] != before[name])
    outcome = Outcome.CHANGED if differs else Outcome.SAME
    return Line(row.row, row.slug, row.question, outcome, "", differs, personal)


def _as_read(draft: Draft) -> Draft:
    """As it would come back from a file, which keeps texts composed and phrasings distinct."""

    def text(value: str) -> str:
        return unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()

    said = draft.content
    question = text(said.question)
    return replace(
        draft,
        content=replace(
            said,
            question=question,
            answer=text(said.answer),
            category=text(said.category),
            alternates=distinct(question, map(text, said.alternates)),
        ),
    )


def _invalid(problems: list[Problem]) -> Iterator[Line]:
    reasons: dict[int, list[str]] = defaultdict(list)
    for problem in problems:
        said = f"{problem.column}: {problem.reason}" if problem.column else problem.reason
        reasons[problem.row or 0].append(said)
    for row, all_of_it in reasons.items():
        yield Line(row, "", "", Outcome.INVALID, "; ".join(all_of_it))


def _taken(wanted: Mapping[str, Draft], written_over: Collection[str]) -> dict[str, str]:
    """Why a row cannot be: a phrasing of it leads to an FAQ that is not written over."""
    keys = {
        key_of(phrasing): (slug, phrasing)
        for slug, draft in wanted.items()
        if not draft.retired
        for phrasing in draft.content.phrasings
    }
    claims = Phrasing.objects.filter(key__in=list(keys)).values_list("key", "faq__slug")
    found = {}
    for key, owner in claims:
        slug, phrasing = keys[bytes(key)]
        if owner != slug and owner not in written_over:
            found[slug] = f"{phrasing!r} is already a phrasing of {owner}"
    return found
