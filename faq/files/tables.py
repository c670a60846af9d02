"""From the bytes of a file to rows of cells, and what to say when that fails.

Pure. Knows formats and nothing of FAQs; ``faq.files.reader`` knows FAQs and no format. Another
format is another function beside ``csv_rows``.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from audit.spreadsheet import restore
from faq.phrasing import is_blank

SHOWN_LENGTH = 60


@dataclass(frozen=True)
class Limits:
    """The largest file taken: its bytes, its rows below the header, lengths in characters.

    ``alternates`` is per FAQ. ``problems`` is how many are listed before "and more". ``seconds``
    and ``memory_bytes`` bound the reading of a workbook.
    """

    file_bytes: int = 20_000_000
    rows: int = 100_000
    columns: int = 256
    slug: int = 100
    question: int = 500
    answer: int = 20_000
    category: int = 100
    owner: int = 200
    alternate: int = 500
    alternates: int = 200
    problems: int = 1_000
    seconds: float = 60.0
    memory_bytes: int = 1_500_000_000


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file. ``row`` and ``column`` are None where there is not just one."""

    row: int | None
    column: str | None
    reason: str

    def __str__(self) -> str:
        row = None if self.row is None else f"row {self.row}"
        place = ", ".join(filter(None, (row, self.column)))
        return f"{place}: {self.reason}" if place else self.reason


class Unreadable(Exception):
    """The file was not taken. ``str()`` lists ``problems`` by row, one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class Problems:
    """Collects what is wrong with a file, so that whoever wrote it sees all of it at once."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._found: list[Problem] = []
        self._more = False
        self.notes: list[str] = []
        """What was left out of a file that is sound, for whoever sent it to know."""

    def add(self, row: int | None, column: str | None, reason: str) -> None:
        # Bounded here and not in the end: a hostile file must not fill the memory with complaints.
        if len(self._found) < self._most:
            self._found.append(Problem(row, column, reason))
        else:
            self._more = True

    def found(self) -> list[Problem]:
        """What was found so far, in the order it was found."""
        return list(self._found)

    def raise_if_any(self) -> None:
        """Raises ``Unreadable``."""
        if not self._found:
            return
        found = sorted(self._found, key=lambda problem: problem.row or 0)
        if self._more:
            found.append(Problem(None, None, "and more"))
        raise Unreadable(found)


@dataclass(frozen=True)
class Invalid:
    """A cell that cannot be read as text, and why."""

    reason: str


Cell = str | Invalid


@dataclass(frozen=True)
class Row:
    """The cells of one row. ``number`` is as a spreadsheet shows it: the first row is 1.

    A cell is None where the row does not have that column, which is not the same as empty.
    """

    number: int
    cells: tuple[Cell | None, ...]


_MARKS = re.compile(rb"\A(?:\xef\xbb\xbf)+")
"""Byte order marks; some programs write a second one in front of the first."""

SEPARATORS = ",;\t"
LONGEST_HEADER = 65_536
"""Characters in which the separator is looked for."""
_SEPARATOR_LINE = re.compile(r"sep=(.)[ \t]*(\r\n|\r|\n)")


def csv_rows(data: bytes, *, limits: Limits, problems: Problems) -> list[Row]:
    """The rows of a CSV file, header first, without those whose cells are all blank.

    UTF-8, with or without a byte order mark. Commas, semicolons or tabs: the header tells which,
    or a first line ``sep=;``, which is not counted as a row, as in Excel. A cell with separators,
    quotes or line breaks stands in double quotes (RFC 4180). Neutralised cells are restored, see
    ``audit.spreadsheet``.

    A broken quote goes to ``problems`` and ends the rows. Raises ``Unreadable`` where reading on
    would tell nothing: a file that is too large, has too many rows or is not UTF-8.
    """
    check_size(data, limits)
    text, separator = _separator(decoded(data))
    rows: list[Row] = []
    number = 0
    # Without strict, an unclosed quote swallows the rest of the file in silence.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if len(cells) > limits.columns:
                raise refused(f"has over {limits.columns} cells", row=number)
            if all(map(is_blank, cells)):
                continue
            if len(rows) > limits.rows:
                raise refused(f"is one too many; at most {limits.rows:,} are taken", row=number)
            rows.append(Row(number, tuple(map(restore, cells))))
    except csv.Error as error:
        problems.add(number + 1, None, _explained(error))
    return rows


def check_size(data: bytes, limits: Limits) -> None:
    """Raises ``Unreadable`` for a file that is too large."""
    if len(data) > limits.file_bytes:
        raise refused(f"the file has {len(data):,} bytes; at most {limits.file_bytes:,} are taken")


def _separator(text: str) -> tuple[str, str]:
    """The text below a ``sep=`` line, if there is one, and what separates its cells."""
    line = _SEPARATOR_LINE.match(text)
    if line and line[1] in SEPARATORS:
        return text[line.end() :], line[1]
    top = text[:LONGEST_HEADER]
    # max keeps the first of equals: a header of one column has commas.
    return text, max(SEPARATORS, key=lambda separator: _width_of_header(top, separator))


def _width_of_header(text: str, separator: str) -> int:
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if not all(map(is_blank, cells)):
                return len(cells)
    except csv.Error:
        pass
    return 0


def records(
    rows: Sequence[Row], required: Sequence[str], optional: Sequence[str], problems: Problems
) -> Iterator[tuple[int, dict[str, Cell]]]:
    """Number and cells, by column, of each row below the header.

    A row that ends before its last cells has empty ones there. Columns without a name are left out
    as long as they are blank. Raises ``Unreadable`` if the header is wrong or stands alone.
    """
    if not rows:
        problems.raise_if_any()
        raise refused("the file is empty")

    header, *below = rows
    columns = _names(header)
    wrong = False
    for reason in _wrong_columns(columns, required, optional):
        problems.add(header.number, None, reason)
        wrong = True
    if wrong or not below:
        problems.raise_if_any()
        raise refused("the file has a header and nothing below it")

    width = max(place for place, name in enumerate(columns, start=1) if name)
    for row in below:
        reason = _wrong_cells(row.cells, columns, width)
        if _names(row) == columns:
            reason = "repeats the header"
        if reason:
            problems.add(row.number, None, reason)
            continue
        cells = (*row.cells, *[""] * (len(columns) - len(row.cells)))
        yield (
            row.number,
            {
                name: cell
                for name, cell in zip(columns, cells, strict=True)
                if name and cell is not None
            },
        )


def _names(row: Row) -> list[str]:
    return [cell.strip().casefold() if isinstance(cell, str) else "" for cell in row.cells]


def _wrong_cells(cells: Sequence[Cell | None], columns: Sequence[str], width: int) -> str:
    """Why a row does not fit below its header; empty if it does."""
    if len(cells) > len(columns) or not all(map(_is_empty, cells[width:])):
        return f"has {len(cells):,} cells; the header has {width:,}"
    for place, name in enumerate(columns[: len(cells)]):
        if not name and not _is_empty(cells[place]):
            return f"cell {place + 1} stands in a column without a name"
    return ""


def _is_empty(cell: Cell | None) -> bool:
    return cell is None or (isinstance(cell, str) and is_blank(cell))


def _wrong_columns(
    columns: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> Iterator[str]:
    times = Counter(columns)
    unknown = [name for name in times if name not in (*required, *optional, "")]
    for name in required:
        if name not in times:
            meant = get_close_matches(name, unknown[:50], n=1)
            hint = f"; is {shown(meant[0])} meant?" if meant else ""
            yield f"there is no column {name!r}{hint}"
    for name in unknown:
        yield f"unknown column {shown(name)}"
    for name in (*required, *optional):
        if times[name] > 1:
            yield f"column {name!r} is there {times[name]:,} times"


def refused(reason: str, *, row: int | None = None) -> Unreadable:
    """For a problem that leaves nothing else to look at."""
    return Unreadable([Problem(row, None, reason)])


def shown(text: str) -> str:
    """Short, and safe to print whatever it holds."""
    return repr(text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 1]}…")


def decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:2]:
        raise refused("byte 0 is not UTF-8 but begins UTF-16; save as CSV UTF-8", row=1)
    body = _MARKS.sub(b"", data, count=1)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        offset = len(data) - len(body) + error.start
        row = _row_after(body[: error.start].decode())
        reason = f"byte {offset} (0x{data[offset]:02x}) is not UTF-8; save as CSV UTF-8"
        raise refused(reason, row=row) from None


def _row_after(text: str) -> int | None:
    """The row that the character after ``text`` is in; None if the CSV is broken before it."""
    try:
        return sum(1 for _ in csv.reader(io.StringIO(f"{text}?", newline="")))
    except csv.Error:
        return None


def _explained(error: csv.Error) -> str:
    what = str(error)
    if "unexpected end" in what:
        return "a quote is opened and never closed"
    if "field limit" in what:
        return f"a cell has over {csv.field_size_limit():,} characters; is a quote left open?"
    if "expected after" in what:
        return "text follows a closing quote; within quotes, a quote is written twice"
    return f"is not CSV: {what}"
