"""What users of other tools bring along. Pure.

Each function turns a tool's file or rows into FAQs as cells of our columns, with the ``row`` each
came from. The formats are described by their makers:
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

from faq.files.json_files import loaded
from faq.files.tables import Limits, Problems, Row, check_size, decoded, refused

Cells = dict[str, str]


def qnabot(data: bytes, limits: Limits) -> list[Cells]:
    """``{"qna": [{"qid": …, "q": [questions], "a": answer, "t": topic}]}``, a row per entry.

    Entries of other types, such as quizzes, are no FAQs and come back as rows with empty cells,
    which are told as problems.
    """
    found = loaded(data, limits)
    entries = found.get("qna") if isinstance(found, dict) else found
    if not isinstance(entries, list):
        raise refused('the file has no list "qna"')
    return [_of_qnabot(entry, row) for row, entry in enumerate(entries, start=2)]


def _of_qnabot(entry: Any, row: int) -> Cells:
    values = entry if isinstance(entry, dict) else {}
    questions = values.get("q")
    return _cells(
        row,
        slug=_slug(_text(values.get("qid"), row)),
        questions=[
            _text(each, row) for each in (questions if isinstance(questions, list) else [questions])
        ],
        answer=_text(values.get("a"), row),
        category=_text(values.get("t"), row),
    )


def _text(value: Any, row: int) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise refused("holds something else where a text should be", row=row)


def tsv_rows(data: bytes, limits: Limits, problems: Problems) -> list[Row]:
    """Rows of tab-separated values. A line break within a cell is written as \\n."""
    check_size(data, limits)
    text = decoded(data)
    read = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    rows: list[Row] = []
    for number, cells in enumerate(read, start=1):
        if len(rows) > limits.rows:
            raise refused(f"is one too many; at most {limits.rows:,} are taken", row=number)
        if any(cell.strip() for cell in cells):
            rows.append(Row(number, tuple(_unescaped(cell) for cell in cells)))
    return rows


def _unescaped(cell: str) -> str:
    return cell.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t")


def qnamaker(rows: Sequence[Row]) -> list[Cells]:
    """Columns Question, Answer, Source, Metadata, …, QnaId; rows of one QnaId are one FAQ.

    Without QnaId, rows that follow each other with one answer are one FAQ. The category is the
    value of the metadata's ``category``, if it has one.
    """
    columns = _columns(rows, "question", "answer")
    grouped: dict[str, tuple[Row, list[str]]] = {}
    for row in rows[1:]:
        cell = _reader(row, columns)
        key = cell("qnaid") or cell("answer")
        _, questions = grouped.setdefault(key, (row, []))
        questions.append(cell("question"))
    return _named(
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
    return _named(
        _cells(row.number, questions=[cell("question")], answer=cell("answer"))
        for row, cell in ((row, _reader(row, columns)) for row in rows[1:])
    )


def fastgpt(rows: Sequence[Row]) -> list[Cells]:
    """Columns q, a and indexes; cells after these are further indexes.

    A cell of indexes holds one, a JSON list, or one a line.
    """
    columns = _columns(rows, "q", "a")
    first = columns.get("indexes", 2)
    return _named(
        _cells(
            row.number,
            questions=[
                cell("q"),
                *(i for each in row.cells[first:] for i in _indexes(str(each or ""))),
            ],
            answer=cell("a"),
        )
        for row, cell in ((row, _reader(row, columns)) for row in rows[1:])
    )


def _indexes(cell: str) -> list[str]:
    try:
        listed = json.loads(cell) if cell.lstrip().startswith("[") else cell.split("\n")
    except (ValueError, RecursionError):
        listed = cell.split("\n")
    return [str(each.get("text", "")) if isinstance(each, dict) else str(each) for each in listed]


def maxkb(rows: Sequence[Row]) -> list[Cells]:
    """The template's columns in order: title (may be empty), content, questions (one a line).

    Its header is in the language of whoever filled it in, so it is known by its places.
    """
    if not rows or len(rows[0].cells) < 2:
        raise refused("the template has the columns title, content, questions")
    return _named(
        _cells(
            row.number,
            questions=[*_at(row, 2).split("\n"), _at(row, 0)],
            answer=_at(row, 1),
        )
        for row in rows[1:]
    )


# --- What they share ------------------------------------------------------------------------------


def _cells(
    row: int, *, questions: Sequence[str], answer: str, slug: str = "", category: str = ""
) -> Cells:
    asked = [" ".join(question.split()) for question in questions]
    first, *others = [question for question in asked if question] or [""]
    return {
        "row": str(row),
        "id": slug,
        "question": first,
        "answer": answer,
        "category": category,
        "alternates": "\n".join(others),
    }


def _named(faqs: Iterable[Cells]) -> list[Cells]:
    """Give those without an id one made of their question, the same at every import."""
    taken: set[str] = set()
    named = []
    for faq in faqs:
        wanted = faq["id"] or _slug(faq["question"])
        slug, count = wanted, 1
        while slug and slug in taken:
            count += 1
            slug = f"{wanted[:90]}-{count}"
        taken.add(slug)
        named.append({**faq, "id": slug})
    return named


def _slug(text: str) -> str:
    """ASCII letters, digits and . _ -; of a text without any, the hexadecimal of its letters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")
    if not words and text.strip():
        words = "faq-" + text.strip().encode()[:12].hex()
    return words[:90].rstrip("-._")


def _columns(rows: Sequence[Row], *required: str) -> dict[str, int]:
    """Place by case-folded name. Raises ``Unreadable`` if a required one is missing."""
    header = [str(cell).strip().casefold() for cell in rows[0].cells] if rows else []
    missing = [name for name in required if name not in header]
    if missing:
        raise refused(f"there is no column {missing[0]!r}")
    return {name: header.index(name) for name in header}


def _reader(row: Row, columns: dict[str, int]) -> Any:
    def cell(name: str) -> str:
        return _at(row, columns[name]) if name in columns else ""

    return cell


def _at(row: Row, place: int) -> str:
    cell = row.cells[place] if place < len(row.cells) else ""
    return cell if isinstance(cell, str) else ""
