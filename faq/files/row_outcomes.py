"""The outcome of each row of a file: new, changed, same or invalid."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from faq.content import Draft
from faq.files.mojibake import mojibake
from faq.files.personal_data import findings
from faq.files.row import FileRow
from faq.files.tables import Problem
from faq.models import Phrasing
from faq.phrasing import distinct, key_of
from faq.releases import unreadable

LONG_ANSWER = 1_500
"""Longer answers, in characters, have a warning: they are hard to read in a chat."""


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    INVALID = "invalid"


@dataclass(frozen=True)
class Line:
    """The report on one row of the file; ``differs`` names the fields that change."""

    row: int
    slug: str
    question: str
    outcome: Outcome
    reason: str = ""
    differs: tuple[str, ...] = ()
    removed_phrasings: int = 0
    """Number of alternate questions of the FAQ that the row does not have."""
    personal: tuple[str, ...] = ()
    """Kinds of personal data, by field."""
    warnings: tuple[str, ...] = ()


def count_outcomes(lines: Sequence[Line]) -> dict[str, int]:
    """Number of lines by outcome."""
    counts = Counter(line.outcome for line in lines)
    return {outcome.value: counts[outcome] for outcome in Outcome}


def line_of(row: FileRow, before: Draft | None, after: Draft, conflict: str = "") -> Line:
    """Compare the drafts before and after a row. ``before``: None for a new FAQ."""
    line = Line(row.row, row.slug, after.content.question, Outcome.NEW)
    if conflict:
        return replace(line, outcome=Outcome.INVALID, reason=conflict)
    if before == after:
        return replace(line, outcome=Outcome.SAME)
    if before:
        before, after = _as_stored_in_file(before), _as_stored_in_file(after)
        old, new = before.as_dict(), after.as_dict()
        differs = tuple(name for name in new if new[name] != old[name])
        if not differs:
            return replace(line, outcome=Outcome.SAME)
        removed = {*before.content.phrasings} - {*after.content.phrasings}
        line = replace(
            line, outcome=Outcome.CHANGED, differs=differs, removed_phrasings=len(removed)
        )
    content = after.content
    texts = (content.question, content.answer, *content.alternates)
    return replace(
        line,
        personal=tuple(map(str, findings(content))),
        warnings=(
            *filter(None, map(mojibake, texts)),
            *_long_answer(content.answer),
            *unreadable.warnings(content.phrasings),
        ),
    )


def _long_answer(answer: str) -> Iterator[str]:
    if len(answer) > LONG_ANSWER:
        yield f"the answer has {len(answer):,} characters, which is long for a chat"


def _as_stored_in_file(draft: Draft) -> Draft:
    """The draft after an export and import: texts in NFC, phrasings distinct."""

    def text(value: str) -> str:
        return unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()

    content = draft.content
    question = text(content.question)
    return replace(
        draft,
        content=replace(
            content,
            question=question,
            answer=text(content.answer),
            category=text(content.category),
            alternates=distinct(question, map(text, content.alternates)),
        ),
    )


def invalid_lines(problems: Sequence[Problem]) -> Iterator[Line]:
    reasons: dict[int, list[str]] = defaultdict(list)
    for problem in problems:
        column = f"{problem.column}: " if problem.column else ""
        reasons[problem.row or 0].append(f"{column}{problem.reason}")
    for row, texts in reasons.items():
        yield Line(row, "", "", Outcome.INVALID, "; ".join(texts))


def conflicts(changed: Mapping[str, Draft], overwritable: Collection[str]) -> dict[str, str]:
    """By slug: the error if a phrasing of the row already belongs to another FAQ."""
    first: dict[bytes, str] = {}
    errors: dict[str, str] = {}
    phrasings: dict[bytes, str] = {}
    for slug, draft in changed.items():
        for phrasing in () if draft.retired else draft.content.phrasings:
            key = key_of(phrasing)
            phrasings[key] = phrasing
            owner = first.setdefault(key, slug)
            if owner != slug:
                errors[slug] = f"{phrasing!r} is already a phrasing of {owner}"
    claims = Phrasing.objects.filter(key__in=list(first)).values_list("key", "faq__slug")
    for stored_key, owner in claims:
        key = bytes(stored_key)
        if owner != first[key] and owner not in overwritable:
            errors[first[key]] = f"{phrasings[key]!r} is already a phrasing of {owner}"
    return errors
