"""Read and write XLSX workbooks.

No Django, no database. A workbook is a ZIP of XML: a few kilobytes can unpack to gigabytes. It is
therefore read in a separate process with a time and a memory limit.
"""

from __future__ import annotations

import io
import json
import re
import resource
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import repeat
from pathlib import Path
from typing import Any

from audit.spreadsheet import neutralise, restore
from faq.files.tables import (
    Cell,
    Invalid,
    Limits,
    Problem,
    Problems,
    Row,
    Unreadable,
    check_size,
    unreadable,
)
from faq.phrasing import is_blank

MAX_CELL_LENGTH = 32_767
"""Characters in a cell (Excel specifications and limits)."""

LAST_ROW = 1_048_576
"""Rows of a sheet (Excel specifications and limits)."""

BLANK_ROWS = 10_000
"""Reading stops after so many blank rows: formatted blank rows may continue to the last row."""

UNPACKED_BYTES = 200_000_000
"""Total size of the files in the ZIP."""

NUMBER_LIMIT = 10**15
"""Excel stores 15 digits of a number; later digits are lost."""

OUT_OF_MEMORY = 3
"""Exit code of the reading process."""

NO_WORKBOOK = "the file is not an XLSX workbook"


def read_xlsx(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    """The rows of the first non-empty sheet, header first, without blank rows.

    What is left out, such as other sheets, goes to ``problems.notes``. Raises ``Unreadable``.
    """
    check_size(data, limits)
    try:
        reader = subprocess.run(  # noqa: S603
            [
                *(sys.executable, "-m", "faq.files.xlsx_files"),
                *map(str, (limits.rows, limits.columns, limits.memory_bytes)),
            ],
            input=data,
            capture_output=True,
            timeout=limits.seconds,
            cwd=Path(__file__).resolve().parents[2],
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise unreadable(
            f"reading the workbook took over {limits.seconds:.0f} seconds; "
            "delete blank rows and formats, or save it as CSV"
        ) from None
    if reader.returncode == OUT_OF_MEMORY or reader.returncode < 0:
        raise unreadable("reading the workbook needs too much memory; save it as CSV")
    reader.check_returncode()
    result = json.loads(reader.stdout)
    if result["problems"]:
        raise Unreadable(Problem(*values) for values in result["problems"])
    problems.notes += result["notes"]
    return [
        Row(number, tuple(Invalid(*cell) if isinstance(cell, list) else cell for cell in cells))
        for number, cells in result["rows"]
    ]


def main(rows: int, columns: int, memory_bytes: int) -> None:
    """Entry point of the reader process: a workbook on stdin, JSON on stdout."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    warnings.simplefilter("ignore")
    limits, problems = Limits(rows=rows, columns=columns), Problems(most=1)
    sheet_rows: list[Row] = []
    errors: tuple[Problem, ...] = ()
    try:
        sheet_rows = rows_of_workbook(sys.stdin.buffer.read(), limits, problems)
    except Unreadable as error:
        errors = error.problems
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    except Exception:  # openpyxl raises many exceptions for a file that is no workbook
        errors = (Problem(None, None, NO_WORKBOOK),)
    json.dump(
        {
            "problems": [[error.row, error.column, error.reason] for error in errors],
            "notes": problems.notes,
            "rows": [
                [row.number, [[c.reason] if isinstance(c, Invalid) else c for c in row.cells]]
                for row in sheet_rows
            ],
        },
        sys.stdout,
    )


def rows_of_workbook(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    """Like ``read_xlsx``, but in this process, without its limits."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(member.file_size for member in packed.infolist()) > UNPACKED_BYTES:
            raise unreadable(f"the workbook unpacks to more than {UNPACKED_BYTES:,} bytes")
        sheets = [name for name in packed.namelist() if name.startswith("xl/worksheets/")]
        has_formulas = any(_FORMULA.search(packed.read(name)) for name in sheets)
    values = _open(data, formulas=False)
    formulas = _open(data, formulas=True) if has_formulas else values
    first: list[Row] = []
    for sheet, twin in zip(values.worksheets, formulas.worksheets, strict=True):
        rows = _rows(sheet, twin, limits, problems)
        if not first:
            first = list(rows)
        elif next(rows, None):
            problems.notes.append(
                f"Sheet {sheet.title!r} is ignored: only the first sheet is read."
            )
    return first


def _open(data: bytes, *, formulas: bool) -> Any:
    from openpyxl.reader.excel import ExcelReader

    class WithoutCharts(ExcelReader):  # type: ignore[misc]
        def read_chartsheet(self, *args: object) -> None:
            """Skip chart sheets: they have no rows, and openpyxl fails on some."""

    reader = WithoutCharts(io.BytesIO(data), read_only=True, data_only=not formulas)
    reader.read()
    return reader.wb


UNCOMPUTED = Invalid("has a formula without a value; open and save the file in a spreadsheet first")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")


def _rows(sheet: Any, formulas: Any, limits: Limits, problems: Problems) -> Iterator[Row]:
    """``formulas`` is the same sheet with formulas instead of values."""
    blank = count = 0
    with_formulas = _cells(formulas) if formulas is not sheet else repeat(())
    twins = zip(_cells(sheet), with_formulas, strict=False)
    for number, (cells, others) in enumerate(twins, start=1):
        texts = [_as_shown(cell) for cell in cells]
        for place, other in enumerate(others):
            if texts[place] == "" and other.data_type == "f":
                texts[place] = UNCOMPUTED
        while texts and texts[-1] == "":
            texts.pop()
        if not texts:
            blank += 1
            if blank <= BLANK_ROWS:
                continue
            last = f"Sheet {sheet.title!r} is read up to row {number - blank:,}"
            problems.notes.append(f"{last}: {BLANK_ROWS:,} blank rows follow.")
            return
        blank, count = 0, count + 1
        if count > limits.rows + 1:
            raise unreadable(f"is over the limit of {limits.rows:,} rows", row=number)
        if len(texts) > limits.columns:
            raise unreadable(f"has over {limits.columns} cells", row=number)
        yield Row(number, tuple(texts))


def _cells(sheet: Any) -> Iterator[Sequence[Any]]:
    # The size that a sheet declares is often wrong and would cut off rows and columns.
    sheet.reset_dimensions()
    rows: Iterator[Sequence[Any]] = sheet.iter_rows(max_row=LAST_ROW)
    return rows


def _as_shown(cell: Any) -> Cell:
    """The text that a spreadsheet displays, for texts and simple number formats."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "General")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return _time(value, cell.number_format)
    if isinstance(value, str):
        text = restore(_unescaped(value))
        return "" if is_blank(text) else text
    return _as_text(str(value))


_ZEROS = re.compile(r"0+")
_DECIMALS = re.compile(r"0(?:\.(0+))?(%?)")


def _number(value: float, format: str) -> Cell:
    if abs(value) >= NUMBER_LIMIT:
        return _as_text(f"{value:.0f}")
    if format in ("General", "@"):
        return str(int(value)) if value == int(value) else f"{value:.15g}"
    if _ZEROS.fullmatch(format):
        return f"{value:0{len(format)}.0f}"
    if simple := _DECIMALS.fullmatch(format):
        decimals, percent = len(simple[1] or ""), simple[2]
        return f"{value * 100 if percent else value:.{decimals}f}{percent}"
    return _as_text(str(value))


def _time(value: time, format: str) -> Cell:
    seconds = ":%S" if "s" in format.casefold() else ""
    text = value.strftime(f"%H:%M{seconds}")
    # A single h is an hour without a leading zero.
    return text if "hh" in format.casefold() else text.removeprefix("0")


def _as_text(stored: str) -> Invalid:
    return Invalid(f"is stored as {stored} but displayed differently; format the cell as text")


# OOXML writes characters that XML forbids as _x000D_ (ECMA-376 part 1, ST_Xstring).
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: f"_x005F{match[0]}", text)


def write_xlsx(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A workbook with one sheet. Raises ``Unreadable`` if a cell is too long for a spreadsheet."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("FAQs")
    sheet.append(list(columns))
    for row in rows:
        cells = [_as_stored(cell) for cell in row]
        for column, cell in zip(columns, cells, strict=True):
            if len(cell) > MAX_CELL_LENGTH:
                size = f"has {len(cell):,} characters; a cell has at most {MAX_CELL_LENGTH:,}"
                raise unreadable(f"{column} of {row[0]} {size}. Export CSV or JSON instead.")
        sheet.append(cells)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def split_lines(text: str) -> list[str]:
    """The text in parts of whole lines, each short enough for a cell; at least one part."""
    if len(_as_stored(text)) <= MAX_CELL_LENGTH:
        return [text]
    parts = [""]
    for line in text.split("\n"):
        longer = f"{parts[-1]}\n{line}" if parts[-1] else line
        if len(_as_stored(longer)) > MAX_CELL_LENGTH:
            parts.append(line)
        else:
            parts[-1] = longer
    return parts


def _as_stored(cell: str) -> str:
    return neutralise(_escaped(_NONCHARACTERS.sub("\ufffd", cell)))


_NONCHARACTERS = re.compile("[\ufffe\uffff]")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
