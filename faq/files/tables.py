"""Rows of cells, their header, and the problems of a file. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from faq.phrasing import is_blank

MAX_REPR_LENGTH = 60


@dataclass(frozen=True)
class Limits:
    """Limits of a file: bytes, rows below the header, lengths in characters.

    ``alternates`` is per FAQ. ``problems`` are listed before "and more". ``seconds`` and
    ``memory_bytes`` limit the reading of a workbook.
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
    """One error in a file. ``row`` or ``column`` is None if the error is not in a single one."""

    row: int | None
    column: str | None
    reason: str

    def __str__(self) -> str:
        row = None if self.row is None else f"row {self.row}"
        place = ", ".join(filter(None, (row, self.column)))
        return f"{place}: {self.reason}" if place else self.reason


class Unreadable(Exception):
    """The file was rejected. ``str()`` lists ``problems`` by row, one per line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class Problems:
    """Collects the errors of a file, so that they can be reported together."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self.listed: list[Problem] = []
        self._more = False
        self.notes: list[str] = []
        """Ignored parts of a valid file, to report to its sender."""

    def add(self, row: int | None, column: str | None, reason: str) -> None:
        # Limited here, so that a hostile file cannot fill the memory with problems.
        if len(self.listed) < self._most:
            self.listed.append(Problem(row, column, reason))
        else:
            self._more = True

    def raise_if_any(self) -> None:
        """Raises ``Unreadable``."""
        if not self.listed:
            return
        problems = sorted(self.listed, key=lambda problem: problem.row or 0)
        if self._more:
            problems.append(Problem(None, None, "and more"))
        raise Unreadable(problems)


@dataclass(frozen=True)
class Invalid:
    """A cell that cannot be read as text, and why."""

    reason: str


Cell = str | Invalid


@dataclass(frozen=True)
class Row:
    """The cells of one row. ``number`` is the row number of a spreadsheet, from 1.

    A cell is None if the row does not have that column, which differs from an empty cell.
    """

    number: int
    cells: tuple[Cell | None, ...]


def check_size(data: bytes, limits: Limits) -> None:
    """Raises ``Unreadable`` for a file that is too large."""
    if len(data) > limits.file_bytes:
        raise unreadable(
            f"the file has {len(data):,} bytes; at most {limits.file_bytes:,} are allowed"
        )


def records(
    rows: Sequence[Row], required: Sequence[str], optional: Sequence[str], problems: Problems
) -> Iterator[tuple[int, dict[str, Cell]]]:
    """Number and cells, by column, of each row below the header.

    Missing cells at the end of a row are empty. Blank columns without a name are ignored. Raises
    ``Unreadable`` if the header is wrong or no rows follow.
    """
    if not rows:
        problems.raise_if_any()
        raise unreadable("the file is empty")

    header, *below = rows
    columns = _names(header)
    is_wrong = False
    for reason in _wrong_columns(columns, required, optional):
        problems.add(header.number, None, reason)
        is_wrong = True
    if is_wrong or not below:
        problems.raise_if_any()
        raise unreadable("the file has a header and nothing below it")

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
    """Why a row does not match the header; empty if it does."""
    if len(cells) > len(columns) or not all(map(_is_empty, cells[width:])):
        return f"has {len(cells):,} cells; the header has {width:,}"
    for place, name in enumerate(columns[: len(cells)]):
        if not name and not _is_empty(cells[place]):
            return f"cell {place + 1} is in a column without a name"
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
            similar = get_close_matches(name, unknown[:50], n=1)
            hint = f"; did you mean {short_repr(similar[0])}?" if similar else ""
            yield f"there is no column {name!r}{hint}"
    for name in unknown:
        yield f"unknown column {short_repr(name)}"
    for name in (*required, *optional):
        if times[name] > 1:
            yield f"column {name!r} appears {times[name]:,} times"


def unreadable(reason: str, *, row: int | None = None) -> Unreadable:
    """An exception for a single problem of the whole file."""
    return Unreadable([Problem(row, None, reason)])


def short_repr(text: str) -> str:
    """The text's repr, truncated; safe to print."""
    return repr(text if len(text) <= MAX_REPR_LENGTH else f"{text[: MAX_REPR_LENGTH - 1]}…")
