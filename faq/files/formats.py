"""The file formats of FAQs: our own, read and written without loss, and those of other tools.

No Django, no database. Each reader turns bytes into rows with our columns; ``faq.files.reader``
validates the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faq.content import Draft
from faq.files import other_tools
from faq.files.csv_files import csv_rows
from faq.files.json_files import read_json, write_json
from faq.files.reader import write_cells
from faq.files.row import ALTERNATES, FAQ_COLUMNS, OWN_COLUMNS
from faq.files.tables import Cell, Invalid, Limits, Problems, Row
from faq.files.xlsx_files import read_xlsx, split_lines, write_xlsx

COLUMNS = (*FAQ_COLUMNS, ALTERNATES, *OWN_COLUMNS)

Reader = Callable[[bytes, Limits, Problems], list[Row]]


@dataclass(frozen=True)
class Format:
    """How to read files of one format and, for our own formats, write them."""

    title: str
    extension: str
    media_type: str
    read: Reader
    write: Callable[[Iterable[Draft]], bytes] | None = None


def draft_to_cells(draft: Draft) -> tuple[str, ...]:
    """An FAQ as one row of ``COLUMNS``."""
    values = {"id": draft.content.slug, **draft.as_dict()}
    values[ALTERNATES] = "\n".join(draft.content.alternates)
    return tuple(_as_cell(values[name]) for name in COLUMNS)


def _as_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _read_csv(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    return csv_rows(data, limits=limits, problems=problems)


def _write_csv(drafts: Iterable[Draft]) -> bytes:
    # With a byte order mark; without it, Excel misreads UTF-8.
    return write_cells(COLUMNS, map(draft_to_cells, drafts)).encode("utf-8-sig")


def _write_xlsx(drafts: Iterable[Draft]) -> bytes:
    """Alternates that are too long for a cell go on in columns ``alternates 2`` and so on."""
    rows = [draft_to_cells(draft) for draft in drafts]
    parts = [split_lines(row[_ALTERNATES_AT]) for row in rows]
    most = max(map(len, parts), default=1)
    columns = (*COLUMNS, *(f"{ALTERNATES} {number}" for number in range(2, most + 1)))
    return write_xlsx(
        columns,
        [
            (*row[:_ALTERNATES_AT], first, *row[_ALTERNATES_AT + 1 :], *_padded(more, most - 1))
            for row, (first, *more) in zip(rows, parts, strict=True)
        ],
    )


def _padded(cells: Sequence[str], length: int) -> tuple[str, ...]:
    return (*cells, *("" for _ in range(length - len(cells))))


def _read_xlsx(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    """The rows with columns such as ``alternates 2`` joined to ``alternates``."""
    rows = read_xlsx(data, limits, problems)
    header = [_as_header(cell) for cell in rows[0].cells] if rows else []
    more = [at for at, name in enumerate(header) if _MORE_ALTERNATES.fullmatch(name)]
    if not more or ALTERNATES not in header:
        return rows
    return [_joined(row, header.index(ALTERNATES), more) for row in rows]


_ALTERNATES_AT = COLUMNS.index(ALTERNATES)
_MORE_ALTERNATES = re.compile(rf"{ALTERNATES} [1-9]\d?")


def _as_header(cell: Cell | None) -> str:
    return cell.strip().casefold() if isinstance(cell, str) else ""


def _joined(row: Row, first: int, more: Sequence[int]) -> Row:
    """An invalid cell stays, so that it is reported."""
    cells = [row.cells[at] for at in (first, *more) if at < len(row.cells)]
    invalid = next((cell for cell in cells if isinstance(cell, Invalid)), None)
    texts = [cell for cell in cells if isinstance(cell, str) and cell]
    joined: Cell = invalid or (texts[0] if row.number == 1 else "\n".join(texts))
    return Row(
        row.number,
        tuple(
            joined if at == first else cell for at, cell in enumerate(row.cells) if at not in more
        ),
    )


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _converted(read: Callable[[Sequence[Row]], list[dict[str, str]]], rows: Reader) -> Reader:
    """A reader for another tool's rows; ``read`` maps its columns to ours."""

    def reader(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
        return _as_rows(read([_texts(row, problems) for row in rows(data, limits, problems)]))

    return reader


def _texts(row: Row, problems: Problems) -> Row:
    """The row with invalid cells emptied and added to ``problems``."""
    for cell in row.cells:
        if isinstance(cell, Invalid):
            problems.add(row.number, None, cell.reason)
    return Row(row.number, tuple(cell if isinstance(cell, str) else "" for cell in row.cells))


def _as_rows(faqs: Iterable[Mapping[str, str]]) -> list[Row]:
    columns = (*FAQ_COLUMNS, ALTERNATES)
    rows = [Row(int(faq["row"]), tuple(faq[name] for name in columns)) for faq in faqs]
    return [Row(1, columns), *rows]


def _qnabot(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    return _as_rows(other_tools.qnabot(data, limits))


def _read_xlsx_or_csv(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    read = read_xlsx if data.startswith(b"PK") else _read_csv
    return read(data, limits, problems)


FORMATS: dict[str, Format] = {
    "csv": Format("CSV", "csv", "text/csv", _read_csv, _write_csv),
    "xlsx": Format("Excel (XLSX)", "xlsx", XLSX, _read_xlsx, _write_xlsx),
    "json": Format("JSON", "json", "application/json", read_json, write_json),
    "qnabot": Format("QnABot on AWS (JSON)", "json", "application/json", _qnabot),
    "qnamaker": Format(
        "QnA Maker, Azure question answering (TSV)",
        "tsv",
        "text/tab-separated-values",
        _converted(other_tools.qnamaker, other_tools.tsv_rows),
    ),
    "dify": Format(
        "Dify annotations (CSV)", "csv", "text/csv", _converted(other_tools.dify, _read_csv)
    ),
    "fastgpt": Format(
        "FastGPT (CSV: q, a, indexes)",
        "csv",
        "text/csv",
        _converted(other_tools.fastgpt, _read_csv),
    ),
    "maxkb": Format(
        "MaxKB question-and-answer template",
        "xlsx",
        XLSX,
        _converted(other_tools.maxkb, _read_xlsx_or_csv),
    ),
}

EXPORT_FORMATS = tuple(name for name, format in FORMATS.items() if format.write)
