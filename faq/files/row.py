"""Parse and validate one row of a file of FAQs.

Pure: no Django, no database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Any

from faq.content import Content, Draft
from faq.files.tables import Cell, Invalid, Limits, Problems, short_repr
from faq.phrasing import distinct, is_blank, normalise

FAQ_COLUMNS = ("id", "question", "answer", "category")
ALTERNATES = "alternates"
OWN_COLUMNS = ("threshold", "margin", "audience", "owner", "review_by", "retired")
"""Optional columns; without the column, the FAQ keeps its value."""
ALTERNATE_QUESTION = "alternate_question"

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NONCHARACTERS = "\ufffe\uffff"
# Control characters (Cc) and lone surrogates (Cs), which Postgres rejects, and noncharacters, which
# XML forbids (XML 1.0, section 2.2): an XLSX file with one cannot be opened.
_FORBIDDEN = re.compile(rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_NONCHARACTERS}]")
SPREADSHEET_ERRORS = frozenset(
    ("#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
)
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"", "no", "false", "0"})


FIELDS = {"id": "slug", **{name: name for name in (*FAQ_COLUMNS[1:], ALTERNATES, *OWN_COLUMNS)}}
"""Column -> field of ``Draft`` or ``Content``."""


_NAMES = {shape: {field.name for field in fields(shape)} for shape in (Content, Draft)}


@dataclass(frozen=True)
class FileRow:
    """One FAQ of a file. ``row`` is the spreadsheet's row number; the header is row 1.

    ``values`` by field, for the columns of the file: texts are NFC, stripped, with LF line breaks;
    only id, question and answer are required. Alternates are distinct.
    """

    row: int
    values: Mapping[str, Any]

    @property
    def slug(self) -> str:
        return str(self.values["slug"])

    def draft(self, stored: Draft | None = None) -> Draft:
        """``stored`` with this row's values. Fields without a column keep their value."""
        base = stored or Draft(Content(self.slug, "", ""))
        content = replace(base.content, **self._values_of(Content))
        content = replace(content, alternates=distinct(content.question, content.alternates))
        return replace(base, content=content, **self._values_of(Draft))

    @cached_property
    def digest(self) -> str:
        """Of the content of a new FAQ with this row's values."""
        return self.draft().content.digest

    def _values_of(self, shape: type[Content | Draft]) -> dict[str, Any]:
        names = _NAMES[shape]
        return {name: value for name, value in self.values.items() if name in names}


@dataclass(frozen=True)
class AlternateRow:
    """One row of a file of alternate questions: a phrasing for the FAQ with that ``slug``."""

    slug: str
    phrasing: str
    row: int


@dataclass(frozen=True)
class RowReader:
    """Turns the cells of one row into values; adds errors to ``problems``."""

    row: int
    cells: Mapping[str, Cell]
    limits: Limits
    problems: Problems

    def faq(self) -> FileRow:
        readers: dict[str, Callable[[str], Any]] = {
            "id": lambda _: self._slug(),
            "question": self._question,
            "answer": self._answer,
            "category": self._word,
            ALTERNATES: self._alternates,
            "threshold": self._fraction,
            "margin": self._fraction,
            "audience": self._word,
            "owner": self._word,
            "review_by": self._date,
            "retired": self._flag,
        }
        values = {FIELDS[name]: read(name) for name, read in readers.items() if name in self.cells}
        if ALTERNATES in values:
            values[ALTERNATES] = distinct(values["question"], values[ALTERNATES])
        return FileRow(self.row, values)

    def _cell(self, column: str) -> str:
        """The cell's text; empty, with a problem added, if it is not text."""
        cell = self.cells[column]
        if isinstance(cell, Invalid):
            self.problems.add(self.row, column, cell.reason)
            return ""
        return cell

    def _question(self, column: str) -> str:
        return self._phrasing(column, self.cells[column], self.limits.question)

    def _answer(self, column: str) -> str:
        return self._text(column, self.cells[column], self.limits.answer, allowed="\t\n")

    def _alternates(self, column: str) -> tuple[str, ...]:
        phrasings = [
            self._phrasing(column, line, self.limits.alternate, allowed="\t", required=False)
            for line in _with_line_feeds(self._cell(column)).split("\n")
        ]
        return tuple(filter(None, phrasings))

    def _word(self, column: str) -> str:
        most = self.limits.owner if column == "owner" else self.limits.category
        return self._text(column, self.cells[column], most, required=False)

    def _fraction(self, column: str) -> float | None:
        cell = self._cell(column).strip()
        try:
            value = float(cell) if cell else None
        except ValueError:
            value = -1.0
        if value is not None and not 0.0 <= value <= 1.0:
            self.problems.add(self.row, column, f"{short_repr(cell)} is not a number from 0 to 1")
            return None
        return value

    def _date(self, column: str) -> date | None:
        cell = self._cell(column).strip()
        try:
            return date.fromisoformat(cell) if cell else None
        except ValueError:
            self.problems.add(self.row, column, f"{short_repr(cell)} is not a date like 2026-12-31")
            return None

    def _flag(self, column: str) -> bool:
        cell = self._cell(column).strip().casefold()
        if cell not in _YES | _NO:
            self.problems.add(self.row, column, f"{short_repr(cell)} is neither yes nor no")
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
            self.problems.add(self.row, "id", f"{short_repr(slug)} is not {rule}")
        return slug

    def _phrasing(
        self, column: str, cell: Cell, most: int, *, allowed: str = "", required: bool = True
    ) -> str:
        text = self._text(column, cell, most, allowed=allowed, required=required)
        if text and not normalise(text):
            self.problems.add(self.row, column, "has only punctuation")
        return text

    def _text(
        self, column: str, cell: Cell, most: int, *, allowed: str = "", required: bool = True
    ) -> str:
        """The validated text; empty if the cell is blank or invalid."""
        if isinstance(cell, Invalid):
            self.problems.add(self.row, column, cell.reason)
            return ""
        text = _with_line_feeds(cell).strip(" \t\n")
        forbidden = next((char for char in _FORBIDDEN.findall(text) if char not in allowed), None)
        if forbidden:
            kind = "a noncharacter" if forbidden in _NONCHARACTERS else "a control character"
            self.problems.add(self.row, column, f"contains U+{ord(forbidden):04X}, {kind}")
            return ""
        if text.upper() in SPREADSHEET_ERRORS:
            self.problems.add(self.row, column, f"contains the spreadsheet error {text}")
            return ""
        if is_blank(text):
            if required:
                self.problems.add(self.row, column, "is empty")
            return ""

        text = unicodedata.normalize("NFC", text).strip()
        if len(text) > most:
            reason = f"has {len(text):,} characters; at most {most:,} are allowed"
            self.problems.add(self.row, column, reason)
        return text


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
