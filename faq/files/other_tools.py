"""Read the FAQ exports of other tools. Pure.

Each function turns a tool's file or rows into cells of our columns, with the source ``row``. The
formats are described by their makers:
QnABot: github.com/aws-solutions/qnabot-on-aws, "import and export"; QnA Maker: learn.microsoft.com,
"structured data format through import"; Dify, FastGPT and MaxKB: the templates their imports offer.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from faq.files.csv_files import decode_utf8
from faq.files.json_files import parse_json
from faq.files.tables import Limits, Problems, Row, check_size, unreadable

Cells = dict[str, str]


def qnabot(data: bytes, limits: Limits) -> list[Cells]:
    """``{"qna": [{"qid": …, "q": [questions], "a": answer, "t": topic}]}``, a row per entry.

    Entries of other types, such as quizzes, become rows with empty cells, which are reported as
    problems.
    """
    document = parse_json(data, limits)
    entries = document.get("qna") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        raise unreadable('the file has no list "qna"')
    return [_of_qnabot(entry, row) for row, entry in enumerate(entries, start=2)]


def _of_qnabot(entry: Any, row: int) -> Cells:
    values = entry if isinstance(entry, dict) else {}
    questions = values.get("q")
    return _cells(
        row,
        slug=_slug(_text(values.get("qid"), row)),
        questions=[
            _text(question, row)
            for question in (questions if isinstance(questions, list) else [questions])
        ],
        answer=_text(values.get("a"), row),
        category=_text(values.get("t"), row),
    )


def _text(value: Any, row: int) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise unreadable("contains a value that is not a text", row=row)


def tsv_rows(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    """Rows of tab-separated values. A line break in a cell is written as \\n."""
    check_size(data, limits)
    text = decode_utf8(data)
    read = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    rows: list[Row] = []
    for number, cells in enumerate(read, start=1):
        if len(rows) > limits.rows:
            raise unreadable(f"is over the limit of {limits.rows:,} rows", row=number)
        if any(cell.strip() for cell in cells):
            rows.append(Row(number, tuple(_unescaped(cell) for cell in cells)))
    return rows


def _unescaped(cell: str) -> str:
    return cell.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t")


def qnamaker(rows: Sequence[Row]) -> list[Cells]:
    """Columns Question, Answer, Source, Metadata, …, QnaId; rows of one QnaId are one FAQ.

    Without QnaId, rows with the same answer are one FAQ. The category is the metadata's
    ``category``, if present.
    """
    columns = _columns(rows, "question", "answer")
    grouped: dict[str, tuple[Row, list[str]]] = {}
    for row in rows[1:]:
        cell = _reader(row, columns)
        key = cell("qnaid") or cell("answer")
        _, questions = grouped.setdefault(key, (row, []))
        questions.append(cell("question"))
    return _with_ids(
        _cells(
            row.number,
            slug=f"qna-{_reader(row, columns)('qnaid')}" if "qnaid" in columns else "",
            questions=questions,
            answer=_reader(row, columns)("answer"),
            category=_metadata(_reader(row, columns)("metadata")).get("category", ""),
        )
        for row, questions in grouped.values()
    )


def _metadata(cell: str) -> dict[str, str]:
    pairs = (pair.partition(":") for pair in cell.split("|"))
    return {name.strip().casefold(): value.strip() for name, _, value in pairs}


def dify(rows: Sequence[Row]) -> list[Cells]:
    """Annotations: columns question and answer."""
    columns = _columns(rows, "question", "answer")
    return _with_ids(
        _cells(row.number, questions=[cell("question")], answer=cell("answer"))
        for row, cell in ((row, _reader(row, columns)) for row in rows[1:])
    )


def fastgpt(rows: Sequence[Row]) -> list[Cells]:
    """Columns q, a and indexes; later cells are further indexes.

    A cell of indexes contains one index, a JSON list, or one index per line.
    """
    columns = _columns(rows, "q", "a")
    first = columns.get("indexes", 2)
    return _with_ids(
        _cells(
            row.number,
            questions=[
                cell("q"),
                *(index for cell in row.cells[first:] for index in _indexes(str(cell or ""))),
            ],
            answer=cell("a"),
        )
        for row, cell in ((row, _reader(row, columns)) for row in rows[1:])
    )


def _indexes(cell: str) -> list[str]:
    try:
        indexes = json.loads(cell) if cell.lstrip().startswith("[") else cell.split("\n")
    except (ValueError, RecursionError):
        indexes = cell.split("\n")
    return [
        str(index.get("text", "")) if isinstance(index, dict) else str(index) for index in indexes
    ]


def maxkb(rows: Sequence[Row]) -> list[Cells]:
    """The template's columns in order: title (may be empty), content, questions (one per line).

    Columns are read by position, because the header is translated.
    """
    if not rows or len(rows[0].cells) < 2:
        raise unreadable("the template has the columns title, content, questions")
    return _with_ids(
        _cells(
            row.number,
            questions=[*_at(row, 2).split("\n"), _at(row, 0)],
            answer=_at(row, 1),
        )
        for row in rows[1:]
    )


# --- Shared by all formats ------------------------------------------------------------------------


def _cells(
    row: int, *, questions: Sequence[str], answer: str, slug: str = "", category: str = ""
) -> Cells:
    lines = [" ".join(question.split()) for question in questions]
    first, *others = [line for line in lines if line] or [""]
    return {
        "row": str(row),
        "id": slug,
        "question": first,
        "answer": answer,
        "category": category,
        "alternates": "\n".join(others),
    }


def _with_ids(faqs: Iterable[Cells]) -> list[Cells]:
    """Derive missing ids from the questions, the same at every import."""
    used: set[str] = set()
    faqs_with_ids = []
    for faq in faqs:
        base = faq["id"] or _slug(faq["question"])
        slug, count = base, 1
        while slug and slug in used:
            count += 1
            slug = f"{base[:90]}-{count}"
        used.add(slug)
        faqs_with_ids.append({**faq, "id": slug})
    return faqs_with_ids


def _slug(text: str) -> str:
    """ASCII letters, digits and . _ -; hexadecimal UTF-8 for a text without any."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")
    if not words and text.strip():
        words = "faq-" + text.strip().encode()[:12].hex()
    return words[:90].rstrip("-._")


def _columns(rows: Sequence[Row], *required: str) -> dict[str, int]:
    """Position by case-folded name. Raises ``Unreadable`` if a required column is missing."""
    header = [str(cell).strip().casefold() for cell in rows[0].cells] if rows else []
    missing = [name for name in required if name not in header]
    if missing:
        raise unreadable(f"there is no column {missing[0]!r}")
    return {name: header.index(name) for name in header}


def _reader(row: Row, columns: dict[str, int]) -> Any:
    def cell(name: str) -> str:
        return _at(row, columns[name]) if name in columns else ""

    return cell


def _at(row: Row, place: int) -> str:
    cell = row.cells[place] if place < len(row.cells) else ""
    return cell if isinstance(cell, str) else ""
