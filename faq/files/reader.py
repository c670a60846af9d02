"""Read FAQ files, whole or not at all, and write them.

Pure: no Django, no database. A module per format turns bytes into rows of cells;
``faq.files.row`` reads one row; ``parse_faqs`` validates them and turns them into FAQs.

``Unreadable`` is the only exception for any bytes; it lists every problem with its row.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from audit.spreadsheet import neutralise
from faq.files.csv_files import csv_rows
from faq.files.row import (
    ALTERNATE_QUESTION,
    ALTERNATES,
    FAQ_COLUMNS,
    OWN_COLUMNS,
    AlternateRow,
    FileRow,
    RowReader,
)
from faq.files.tables import (
    Cell,
    Limits,
    Problem,
    Problems,
    Row,
    Unreadable,
    records,
    short_repr,
)
from faq.phrasing import distinct, normalise

__all__ = [
    "Limits",
    "Problem",
    "Unreadable",
    "merge_alternates",
    "normalise",
    "parse_faqs",
    "read_alternates",
    "read_csv",
    "read_one",
]

DEFAULT_LIMITS = Limits()


def read_csv(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> list[FileRow]:
    """The FAQs of a CSV file with columns ``id,question,answer,category`` and maybe ``alternates``.

    Columns come in any order; their names are trimmed and case-folded. A cell of ``alternates``
    holds one phrasing per line. Blank rows, blank lines of ``alternates`` and phrasings that repeat
    one of the same FAQ are ignored. See ``csv_rows`` for the CSV dialect.

    Raises ``Unreadable``.
    """
    problems = Problems(most=limits.problems)
    rows = csv_rows(data, limits=limits, problems=problems)
    return parse_faqs(rows, limits=limits, problems=problems)


def read_alternates(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> list[AlternateRow]:
    """The rows, in order, of a CSV file with the columns ``id,alternate_question``.

    Raises ``Unreadable``.
    """
    problems = Problems(most=limits.problems)
    rows = csv_rows(data, limits=limits, problems=problems)
    alternates = [
        RowReader(number, cells, limits, problems).alternate()
        for number, cells in records(rows, ("id", ALTERNATE_QUESTION), (), problems)
    ]
    problems.raise_if_any()
    return alternates


def merge_alternates(
    faqs: Sequence[FileRow], alternates: Sequence[AlternateRow], *, limits: Limits = DEFAULT_LIMITS
) -> list[FileRow]:
    """Add ``alternates`` to ``faqs``, without repetitions.

    Raises ``Unreadable`` if a row names no FAQ, if two FAQs would share a phrasing, or if an FAQ
    would have too many. Problems in the column ``alternate_question`` are of the second file.
    """
    problems = Problems(most=limits.problems)
    slugs = {faq.slug for faq in faqs}
    added: dict[str, list[str]] = defaultdict(list)
    uses = [use for faq in faqs for use in _uses(faq)]
    for alternate in alternates:
        if alternate.slug not in slugs:
            problems.add(
                alternate.row, "id", f"there is no FAQ with the id {short_repr(alternate.slug)}"
            )
            continue
        added[alternate.slug].append(alternate.phrasing)
        uses.append(_Use(alternate.phrasing, alternate.slug, alternate.row, ALTERNATE_QUESTION))

    merged = [
        replace(faq, values={**faq.values, ALTERNATES: _alternates(faq, added[faq.slug])})
        for faq in faqs
    ]
    _reject_too_many_alternates(merged, limits, problems)
    _reject_shared_phrasings(uses, problems)
    problems.raise_if_any()
    return merged


def _alternates(faq: FileRow, more: Iterable[str]) -> tuple[str, ...]:
    content = faq.draft().content
    return distinct(content.question, [*content.alternates, *more])


def write_cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV with a header; cells that a spreadsheet could run as formulas are neutralised."""
    text = io.StringIO(newline="")
    # Rows end with CR LF (RFC 4180); the writer quotes cells that contain either.
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(map(neutralise, row))
    return text.getvalue()


@dataclass(frozen=True)
class FileContent:
    """The valid rows of a file, the problems of the others, and notes on ignored parts."""

    rows: list[FileRow]
    problems: list[Problem]
    notes: list[str]


def split_valid(
    read: Callable[[bytes, Limits, Problems], list[Row]], data: bytes, *, limits: Limits
) -> FileContent:
    """The valid rows of a file, and the problems of the others.

    ``read`` turns bytes into rows. Raises ``Unreadable`` if the file as a whole cannot be read, for
    example without a header.
    """
    problems = Problems(most=limits.problems)
    faqs = _faqs(read(data, limits, problems), limits, problems)
    invalid = {problem.row for problem in problems.listed}
    valid = [faq for faq in faqs if faq.row not in invalid]
    return FileContent(valid, list(problems.listed), problems.notes)


def parse_faqs(rows: Sequence[Row], *, limits: Limits, problems: Problems) -> list[FileRow]:
    """The FAQs in ``rows`` of any format, header first.

    Raises ``Unreadable`` with all problems, including those already in ``problems``.
    """
    faqs = _faqs(rows, limits, problems)
    problems.raise_if_any()
    return faqs


def _faqs(rows: Sequence[Row], limits: Limits, problems: Problems) -> list[FileRow]:
    faqs = [
        RowReader(number, cells, limits, problems).faq()
        for number, cells in records(rows, FAQ_COLUMNS, (ALTERNATES, *OWN_COLUMNS), problems)
    ]
    _reject_repeated_ids(faqs, problems)
    _reject_too_many_alternates(faqs, limits, problems)
    in_use = [faq for faq in faqs if not faq.values.get("retired")]
    _reject_shared_phrasings([use for faq in in_use for use in _uses(faq)], problems)
    return faqs


def read_one(cells: Mapping[str, Cell], *, limits: Limits = DEFAULT_LIMITS) -> FileRow:
    """One FAQ from its cells by column, with the checks of a file; ``row`` is 0.

    Raises ``Unreadable``.
    """
    problems = Problems(most=limits.problems)
    faq = RowReader(0, cells, limits, problems).faq()
    _reject_too_many_alternates([faq], limits, problems)
    problems.raise_if_any()
    return faq


@dataclass(frozen=True)
class _Use:
    """One occurrence of a phrasing in a file."""

    phrasing: str
    slug: str
    row: int
    column: str


def _uses(faq: FileRow) -> Iterator[_Use]:
    yield _Use(faq.values["question"], faq.slug, faq.row, "question")
    for alternate in faq.values.get(ALTERNATES, ()):
        yield _Use(alternate, faq.slug, faq.row, ALTERNATES)


def _reject_repeated_ids(faqs: Iterable[FileRow], problems: Problems) -> None:
    first: dict[str, FileRow] = {}
    for faq in faqs:
        other = first.setdefault(faq.slug, faq)
        if faq.slug and other is not faq:
            problems.add(faq.row, "id", f"{short_repr(faq.slug)} is also the id of row {other.row}")


def _reject_too_many_alternates(
    faqs: Iterable[FileRow], limits: Limits, problems: Problems
) -> None:
    for faq in faqs:
        count = len(faq.values.get(ALTERNATES, ()))
        if count > limits.alternates:
            reason = f"has {count:,} phrasings; at most {limits.alternates:,} are allowed"
            problems.add(faq.row, ALTERNATES, f"{short_repr(faq.slug)} {reason}")


def _reject_shared_phrasings(uses: Iterable[_Use], problems: Problems) -> None:
    """No lead can separate two FAQs that share a phrasing."""
    first: dict[str, _Use] = {}
    for use in uses:
        words = normalise(use.phrasing)
        other = first.setdefault(words, use)
        if words and other.slug != use.slug:
            leads = f"{short_repr(use.phrasing)} leads to {short_repr(use.slug)} here"
            already = f"already to {short_repr(other.slug)} (row {other.row}, {other.column})"
            problems.add(use.row, use.column, f"{leads} and {already}")
