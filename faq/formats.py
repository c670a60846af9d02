"""Files of FAQs in every format: ours, written and read without loss, and those of other tools.

Pure: no Django, no database. Each reader turns bytes into rows of cells with our columns; what is
wrong with a row is found in one place, ``faq.reading``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from audit.spreadsheet import neutralise, restore
from faq import foreign
from faq.cells import ALTERNATES, FAQ_COLUMNS, OWN_COLUMNS, FaqRow
from faq.phrasing import is_blank
from faq.reading import write_cells
from faq.rows import Limits, Problems, Row, csv_rows, refused

COLUMNS = (*FAQ_COLUMNS, ALTERNATES, *OWN_COLUMNS)

LONGEST_CELL = 32_767
"""Characters; no spreadsheet takes more (Excel specifications and limits)."""

UNPACKED_BYTES = 200_000_000
"""Of an XLSX, which is a ZIP: a small one may hold very much."""


Reader = Callable[[bytes, Limits, Problems], list[Row]]


@dataclass(frozen=True)
class Format:
    """How files of one kind are read and, if they are ours, written."""

    title: str
    extension: str
    media_type: str
    read: Reader
    write: Callable[[Iterable[FaqRow]], bytes] | None = None


def cells_of(faq: FaqRow) -> dict[str, str]:
    """An FAQ as one row of our columns; the opposite of ``reading.read_one``."""
    own = {name: _as_cell(faq.own.get(name)) for name in OWN_COLUMNS}
    texts = (faq.slug, faq.question, faq.answer, faq.category, "\n".join(faq.alternates))
    return {**dict(zip((*FAQ_COLUMNS, ALTERNATES), texts, strict=True)), **own}


def _as_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


# --- CSV ------------------------------------------------------------------------------------------


def _read_csv(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    return csv_rows(data, limits=limits, problems=problems)


def _write_csv(faqs: Iterable[FaqRow]) -> bytes:
    # With a byte order mark, without which Excel takes UTF-8 for something else.
    rows = ([cells[name] for name in COLUMNS] for cells in map(cells_of, faqs))
    return write_cells(COLUMNS, rows).encode("utf-8-sig")


# --- XLSX -----------------------------------------------------------------------------------------


def xlsx_rows(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    """The rows of the first sheet, header first, without blank ones. Raises ``Unreadable``."""
    if len(data) > limits.file_bytes:
        raise refused(f"the file has {len(data):,} bytes; at most {limits.file_bytes:,} are taken")
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(each.file_size for each in packed.infolist()) > UNPACKED_BYTES:
                raise refused("the workbook unpacks to more than is taken")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        found = _sheet_rows(book.worksheets[0], limits)
        book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError, IndexError, SyntaxError):
        raise refused("the file is not an XLSX workbook") from None
    return found


def _sheet_rows(sheet: Any, limits: Limits) -> list[Row]:
    rows: list[Row] = []
    width = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [restore(_from_sheet(value)) for value in values]
        if all(map(is_blank, cells)):
            continue
        if len(rows) > limits.rows:
            raise refused(f"is one too many; at most {limits.rows:,} are taken", row=number)
        # Sheets have cells without end; the header says how many are meant.
        width = width or max(at for at, cell in enumerate(cells, 1) if not is_blank(cell))
        rows.append(Row(number, tuple([*cells, *[""] * width][:width])))
    return rows


def _from_sheet(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def write_xlsx(faqs: Iterable[FaqRow]) -> bytes:
    """A workbook of one sheet. Raises ``Unreadable`` for a cell that no spreadsheet can hold."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("FAQs")
    sheet.append(list(COLUMNS))
    for faq in faqs:
        cells = cells_of(faq)
        for column, cell in cells.items():
            if len(cell) >= LONGEST_CELL:
                reason = f"{faq.slug} is too long for a spreadsheet; export CSV or JSON"
                raise refused(f"{column} of {reason}")
        sheet.append([neutralise(cells[name]) for name in COLUMNS])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


# --- JSON -----------------------------------------------------------------------------------------


def json_rows(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    """``{"faqs": [{"id": …, "alternates": […], …}]}``, or the list alone.

    A row is counted as the header of a table would count: the first FAQ is row 2.
    """
    found = foreign.loaded(data, limits)
    faqs = found.get("faqs") if isinstance(found, dict) else found
    if not isinstance(faqs, list):
        raise refused('the file is not a list of FAQs, nor {"faqs": [...]}')
    if len(faqs) > limits.rows:
        raise refused(f"there are {len(faqs):,} FAQs; at most {limits.rows:,} are taken")
    # Of every FAQ: what one does not name, it leaves empty.
    names = {name for faq in faqs if isinstance(faq, dict) for name in faq}
    header = [*FAQ_COLUMNS, *sorted(names - set(FAQ_COLUMNS))]
    rows = [Row(1, tuple(header))]
    for number, faq in enumerate(faqs, start=2):
        if not isinstance(faq, dict):
            problems.add(number, None, "is not an object")
            continue
        rows.append(Row(number, tuple(_from_json(faq.get(name)) for name in header)))
    return rows


def _from_json(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _write_json(faqs: Iterable[FaqRow]) -> bytes:
    listed = [
        {
            "id": faq.slug,
            "question": faq.question,
            "answer": faq.answer,
            "category": faq.category,
            ALTERNATES: list(faq.alternates),
            **{name: _to_json(faq.own.get(name)) for name in OWN_COLUMNS},
        }
        for faq in faqs
    ]
    return json.dumps({"faqs": listed}, ensure_ascii=False, indent=1).encode()


def _to_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _foreign(read: Callable[[Sequence[Row]], list[dict[str, str]]], rows: Reader) -> Reader:
    """Rows of another tool, by a function from its columns to ours."""

    def reader(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
        return _as_rows(read(rows(data, limits, problems)))

    return reader


def _as_rows(faqs: Iterable[Mapping[str, str]]) -> list[Row]:
    columns = (*FAQ_COLUMNS, ALTERNATES)
    listed = [Row(int(faq["row"]), tuple(faq[name] for name in columns)) for faq in faqs]
    return [Row(1, columns), *listed]


def _qnabot(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    return _as_rows(foreign.qnabot(data, limits))


def _either(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    read = xlsx_rows if data.startswith(b"PK") else _read_csv
    return read(data, limits, problems)


FORMATS: dict[str, Format] = {
    "csv": Format("CSV", "csv", "text/csv", _read_csv, _write_csv),
    "xlsx": Format("Excel (XLSX)", "xlsx", XLSX, xlsx_rows, write_xlsx),
    "json": Format("JSON", "json", "application/json", json_rows, _write_json),
    "qnabot": Format("QnABot on AWS (JSON)", "json", "application/json", _qnabot),
    "qnamaker": Format(
        "QnA Maker, Azure question answering (TSV)",
        "tsv",
        "text/tab-separated-values",
        _foreign(foreign.qnamaker, foreign.tsv_rows),
    ),
    "dify": Format("Dify annotations (CSV)", "csv", "text/csv", _foreign(foreign.dify, _read_csv)),
    "fastgpt": Format(
        "FastGPT (CSV: q, a, indexes)", "csv", "text/csv", _foreign(foreign.fastgpt, _read_csv)
    ),
    "maxkb": Format(
        "MaxKB question-and-answer template", "xlsx", XLSX, _foreign(foreign.maxkb, _either)
    ),
}

WRITTEN = tuple(name for name, each in FORMATS.items() if each.write)
