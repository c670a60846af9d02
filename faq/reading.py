"""Read FAQ files, whole or not at all, and write them.

Pure: no Django, no database. ``faq.rows`` turns bytes into rows of cells, one function per format;
here one check for all formats, ``faqs_in``, turns rows of cells into FAQs.

``Unreadable`` is the only exception, whatever the bytes, and lists every problem with its row.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from audit.spreadsheet import neutralise
from faq.phrasing import distinct, is_blank, normalise
from faq.rows import Limits, Problem, Problems, Row, Unreadable, csv_rows, records, shown

__all__ = [
    "AlternateRow",
    "FaqRow",
    "Limits",
    "Problem",
    "Unreadable",
    "faqs_in",
    "normalise",
    "read_alternates",
    "read_csv",
    "read_one",
    "with_alternates",
    "write_csv",
]

FAQ_COLUMNS = ("id", "question", "answer", "category")
ALTERNATES = "alternates"
OWN_COLUMNS = ("threshold", "margin", "audience", "owner", "review_by", "retired")
"""What a file may say besides; where it has no such column, an FAQ keeps what it has."""
ALTERNATE_QUESTION = "alternate_question"
DEFAULT_LIMITS = Limits()

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Control characters (Cc) and halves of surrogate pairs (Cs); Postgres refuses some of them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class FaqRow:
    """One FAQ of a file. ``row`` is as a spreadsheet shows it: the header is row 1.

    Texts are NFC, stripped, with LF for line breaks; only ``category`` may be empty. No alternate
    repeats the question or another alternate.
    """

    slug: str
    question: str
    answer: str
    category: str
    alternates: tuple[str, ...]
    row: int
    own: Mapping[str, Any] = field(default_factory=dict)
    """By column, of those of ``OWN_COLUMNS`` that the file has."""


@dataclass(frozen=True)
class AlternateRow:
    """One row of a file of alternate questions: a phrasing for the FAQ with that ``slug``."""

    slug: str
    phrasing: str
    row: int


def read_csv(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> list[FaqRow]:
    """The FAQs of a CSV file with columns ``id,question,answer,category`` and maybe ``alternates``.

    Columns come in any order; their names are trimmed and case-folded. A cell of ``alternates``
    holds one phrasing a line. Left out are blank rows, blank lines of ``alternates``, and phrasings
    that repeat one of the same FAQ; nothing else is. See ``csv_rows`` for the CSV it takes.

    Raises ``Unreadable``.
    """
    problems = Problems(most=limits.problems)
    rows = csv_rows(data, limits=limits, problems=problems)
    return faqs_in(rows, limits=limits, problems=problems)


def read_alternates(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> list[AlternateRow]:
    """The rows, in order, of a CSV file with the columns ``id,alternate_question``.

    Raises ``Unreadable``.
    """
    problems = Problems(most=limits.problems)
    rows = csv_rows(data, limits=limits, problems=problems)
    found = [
        _RowReader(number, cells, limits, problems).alternate()
        for number, cells in records(rows, ("id", ALTERNATE_QUESTION), (), problems)
    ]
    problems.raise_if_any()
    return found


def with_alternates(
    faqs: Sequence[FaqRow], alternates: Sequence[AlternateRow], *, limits: Limits = DEFAULT_LIMITS
) -> list[FaqRow]:
    """``faqs`` with their ``alternates`` added, less those that repeat one of the same FAQ.

    Raises ``Unreadable`` if a row names no FAQ, if two FAQs would share a phrasing, or if an FAQ
    would have too many. Rows of the column ``alternate_question`` are those of the second file.
    """
    problems = Problems(most=limits.problems)
    known = {faq.slug for faq in faqs}
    added: dict[str, list[str]] = defaultdict(list)
    uses = [use for faq in faqs for use in _uses(faq)]
    for alternate in alternates:
        if alternate.slug not in known:
            problems.add(alternate.row, "id", f"there is no FAQ {shown(alternate.slug)}")
            continue
        added[alternate.slug].append(alternate.phrasing)
        uses.append(_Use(alternate.phrasing, alternate.slug, alternate.row, ALTERNATE_QUESTION))

    merged = [
        replace(faq, alternates=distinct(faq.question, [*faq.alternates, *added[faq.slug]]))
        for faq in faqs
    ]
    _refuse_too_many_alternates(merged, limits, problems)
    _refuse_shared_phrasings(uses, problems)
    problems.raise_if_any()
    return merged


def write_csv(faqs: Iterable[FaqRow]) -> str:
    """CSV that ``read_csv`` gives back equal but for row numbers, for FAQs as ``read_csv`` gives.

    Cells are neutralised, see ``audit.spreadsheet``. Encode it as UTF-8, or as ``utf-8-sig`` for
    a person with a spreadsheet.
    """
    rows = (
        (faq.slug, faq.question, faq.answer, faq.category, "\n".join(faq.alternates))
        for faq in faqs
    )
    return write_cells((*FAQ_COLUMNS, ALTERNATES), rows)


def write_cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV with a header and neutralised cells."""
    text = io.StringIO(newline="")
    # The writer ends rows with CR LF (RFC 4180), and so it quotes every cell that holds either.
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(map(neutralise, row))
    return text.getvalue()


def sift(
    read: Callable[[bytes, Limits, Problems], list[Row]], data: bytes, *, limits: Limits
) -> tuple[list[FaqRow], list[Problem]]:
    """The FAQs of a file that are sound, and what is wrong with the others.

    ``read`` turns bytes into rows. Raises ``Unreadable`` where there is nothing to look at row by
    row, such as a file without a header.
    """
    problems = Problems(most=limits.problems)
    faqs = _faqs(read(data, limits, problems), limits, problems)
    found = problems.found()
    bad = {problem.row for problem in found}
    return [faq for faq in faqs if faq.row not in bad], found


def faqs_in(rows: Sequence[Row], *, limits: Limits, problems: Problems) -> list[FaqRow]:
    """The FAQs in ``rows``, of whatever format, header first.

    Raises ``Unreadable`` for all that is wrong with them and all that ``problems`` already held.
    """
    faqs = _faqs(rows, limits, problems)
    problems.raise_if_any()
    return faqs


def _faqs(rows: Sequence[Row], limits: Limits, problems: Problems) -> list[FaqRow]:
    faqs = [
        _RowReader(number, cells, limits, problems).faq()
        for number, cells in records(rows, FAQ_COLUMNS, (ALTERNATES, *OWN_COLUMNS), problems)
    ]
    _refuse_repeated_ids(faqs, problems)
    _refuse_too_many_alternates(faqs, limits, problems)
    in_use = [faq for faq in faqs if not faq.own.get("retired")]
    _refuse_shared_phrasings([use for faq in in_use for use in _uses(faq)], problems)
    return faqs


def read_one(cells: Mapping[str, str], *, limits: Limits = DEFAULT_LIMITS) -> FaqRow:
    """One FAQ from its cells by column, checked as those of a file are; ``row`` is 0.

    Raises ``Unreadable``.
    """
    problems = Problems(most=limits.problems)
    faq = _RowReader(0, cells, limits, problems).faq()
    _refuse_too_many_alternates([faq], limits, problems)
    problems.raise_if_any()
    return faq


_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"", "no", "false", "0"})


@dataclass(frozen=True)
class _RowReader:
    """Turns the cells of one row into values; what is wrong with them goes to ``problems``."""

    row: int
    cells: Mapping[str, str]
    limits: Limits
    problems: Problems

    def faq(self) -> FaqRow:
        limits = self.limits
        slug = self._slug()
        question = self._phrasing("question", self.cells["question"], limits.question)
        answer = self._text("answer", self.cells["answer"], limits.answer, allowed="\t\n")
        category = self._text("category", self.cells["category"], limits.category, required=False)
        lines = _with_line_feeds(self.cells.get(ALTERNATES, "")).split("\n")
        phrasings = [
            self._phrasing(ALTERNATES, line, limits.alternate, allowed="\t", required=False)
            for line in lines
        ]
        alternates = distinct(question, filter(None, phrasings))
        return FaqRow(slug, question, answer, category, alternates, self.row, self._own())

    def _own(self) -> dict[str, Any]:
        readers: dict[str, Callable[[str], Any]] = {
            "threshold": self._fraction,
            "margin": self._fraction,
            "audience": self._word,
            "owner": self._word,
            "review_by": self._date,
            "retired": self._flag,
        }
        return {name: readers[name](name) for name in OWN_COLUMNS if name in self.cells}

    def _word(self, column: str) -> str:
        most = self.limits.owner if column == "owner" else self.limits.category
        return self._text(column, self.cells[column], most, required=False)

    def _fraction(self, column: str) -> float | None:
        cell = self.cells[column].strip()
        try:
            value = float(cell) if cell else None
        except ValueError:
            value = -1.0
        if value is not None and not 0.0 <= value <= 1.0:
            self.problems.add(self.row, column, f"{shown(cell)} is not a number from 0 to 1")
            return None
        return value

    def _date(self, column: str) -> date | None:
        cell = self.cells[column].strip()
        try:
            return date.fromisoformat(cell) if cell else None
        except ValueError:
            self.problems.add(self.row, column, f"{shown(cell)} is not a date like 2026-12-31")
            return None

    def _flag(self, column: str) -> bool:
        cell = self.cells[column].strip().casefold()
        if cell not in _YES | _NO:
            self.problems.add(self.row, column, f"{shown(cell)} is neither yes nor no")
        return cell in _YES

    def alternate(self) -> AlternateRow:
        cell = self.cells[ALTERNATE_QUESTION]
        most = self.limits.alternate
        phrasing = self._phrasing(ALTERNATE_QUESTION, cell, most, allowed="\t")
        return AlternateRow(self._slug(), phrasing, self.row)

    def _slug(self) -> str:
        slug = self._text("id", self.cells["id"], self.limits.slug)
        if slug and not _SLUG.fullmatch(slug):
            rule = "an ASCII letter or digit, then only those and . _ -"
            self.problems.add(self.row, "id", f"{shown(slug)} is not {rule}")
        return slug

    def _phrasing(
        self, column: str, cell: str, most: int, *, allowed: str = "", required: bool = True
    ) -> str:
        text = self._text(column, cell, most, allowed=allowed, required=required)
        if text and not normalise(text):
            self.problems.add(self.row, column, "is nothing but punctuation")
        return text

    def _text(
        self, column: str, cell: str, most: int, *, allowed: str = "", required: bool = True
    ) -> str:
        """Empty for a cell that is blank, and for one that is not text at all."""
        text = _with_line_feeds(cell).strip(" \t\n")
        control = next((found for found in _CONTROL.findall(text) if found not in allowed), None)
        if control:
            self.problems.add(self.row, column, f"holds U+{ord(control):04X}, a control character")
            return ""
        if is_blank(text):
            if required:
                self.problems.add(self.row, column, "is empty")
            return ""

        text = unicodedata.normalize("NFC", text).strip()
        if len(text) > most:
            reason = f"has {len(text):,} characters; at most {most:,} are taken"
            self.problems.add(self.row, column, reason)
        return text


@dataclass(frozen=True)
class _Use:
    """Where a phrasing stands."""

    phrasing: str
    slug: str
    row: int
    column: str


def _uses(faq: FaqRow) -> Iterator[_Use]:
    yield _Use(faq.question, faq.slug, faq.row, "question")
    for alternate in faq.alternates:
        yield _Use(alternate, faq.slug, faq.row, ALTERNATES)


def _refuse_repeated_ids(faqs: Iterable[FaqRow], problems: Problems) -> None:
    first: dict[str, FaqRow] = {}
    for faq in faqs:
        other = first.setdefault(faq.slug, faq)
        if faq.slug and other is not faq:
            problems.add(faq.row, "id", f"{shown(faq.slug)} is already the id of row {other.row}")


def _refuse_too_many_alternates(faqs: Iterable[FaqRow], limits: Limits, problems: Problems) -> None:
    for faq in faqs:
        if len(faq.alternates) > limits.alternates:
            count = f"{len(faq.alternates):,} phrasings; at most {limits.alternates:,} are taken"
            problems.add(faq.row, ALTERNATES, f"{shown(faq.slug)} has {count}")


def _refuse_shared_phrasings(uses: Iterable[_Use], problems: Problems) -> None:
    """No lead could ever separate two FAQs that share a phrasing."""
    first: dict[str, _Use] = {}
    for use in uses:
        words = normalise(use.phrasing)
        other = first.setdefault(words, use)
        if words and other.slug != use.slug:
            leads = f"{shown(use.phrasing)} leads to {shown(use.slug)} here"
            already = f"already to {shown(other.slug)} (row {other.row}, {other.column})"
            problems.add(use.row, use.column, f"{leads} and {already}")


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
