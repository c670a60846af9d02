"""One row of a file of FAQs: what its cells say, and what is wrong with them.

Pure: no Django, no database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from faq.content import Content, Draft
from faq.files.tables import Cell, Invalid, Limits, Problems, shown
from faq.phrasing import distinct, is_blank, normalise

FAQ_COLUMNS = ("id", "question", "answer", "category")
ALTERNATES = "alternates"
OWN_COLUMNS = ("threshold", "margin", "audience", "owner", "review_by", "retired")
"""What a file may say besides; where it has no such column, an FAQ keeps what it has."""
ALTERNATE_QUESTION = "alternate_question"

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NONCHARACTERS = "\ufffe\uffff"
# Control characters (Cc) and halves of surrogate pairs (Cs), which Postgres refuses, and the
# noncharacters that no XML may hold (XML 1.0, section 2.2): an XLSX file with one cannot be opened.
_REFUSED = re.compile(rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_NONCHARACTERS}]")
SPREADSHEET_ERRORS = frozenset(
    ("#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
)
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"", "no", "false", "0"})


FIELDS = {"id": "slug", **{name: name for name in (*FAQ_COLUMNS[1:], ALTERNATES, *OWN_COLUMNS)}}
"""The field of ``Draft`` or ``Content`` that each column fills."""


@dataclass(frozen=True)
class FileRow:
    """One FAQ of a file. ``row`` is as a spreadsheet shows it: the header is row 1.

    ``values`` by field, of the columns that the file has: texts are NFC, stripped, with LF for line
    breaks; only id, question and answer must be there. No alternate repeats another one.
    """

    row: int
    values: Mapping[str, Any]

    @property
    def slug(self) -> str:
        return str(self.values["slug"])

    def draft(self, stored: Draft | None = None) -> Draft:
        """``stored`` as this row changes it. A column that the file lacks changes nothing."""
        base = stored or Draft(Content(self.slug, "", ""))
        content = replace(base.content, **self._values_of(Content))
        content = replace(content, alternates=distinct(content.question, content.alternates))
        return replace(base, content=content, **self._values_of(Draft))

    def _values_of(self, shape: type[Content | Draft]) -> dict[str, Any]:
        names = {each.name for each in fields(shape)}
        return {name: value for name, value in self.values.items() if name in names}


@dataclass(frozen=True)
class AlternateRow:
    """One row of a file of alternate questions: a phrasing for the FAQ with that ``slug``."""

    slug: str
    phrasing: str
    row: int


@dataclass(frozen=True)
class RowReader:
    """Turns the cells of one row into values; what is wrong with them goes to ``problems``."""

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
        """Empty, and a problem, where it cannot be read as text."""
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
            self.problems.add(self.row, column, f"{shown(cell)} is not a number from 0 to 1")
            return None
        return value

    def _date(self, column: str) -> date | None:
        cell = self._cell(column).strip()
        try:
            return date.fromisoformat(cell) if cell else None
        except ValueError:
            self.problems.add(self.row, column, f"{shown(cell)} is not a date like 2026-12-31")
            return None

    def _flag(self, column: str) -> bool:
        cell = self._cell(column).strip().casefold()
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
        self, column: str, cell: Cell, most: int, *, allowed: str = "", required: bool = True
    ) -> str:
        text = self._text(column, cell, most, allowed=allowed, required=required)
        if text and not normalise(text):
            self.problems.add(self.row, column, "is nothing but punctuation")
        return text

    def _text(
        self, column: str, cell: Cell, most: int, *, allowed: str = "", required: bool = True
    ) -> str:
        """Empty for a cell that is blank, and for one that is not text at all."""
        if isinstance(cell, Invalid):
            self.problems.add(self.row, column, cell.reason)
            return ""
        text = _with_line_feeds(cell).strip(" \t\n")
        refused = next((found for found in _REFUSED.findall(text) if found not in allowed), None)
        if refused:
            kind = "a noncharacter" if refused in _NONCHARACTERS else "a control character"
            self.problems.add(self.row, column, f"holds U+{ord(refused):04X}, {kind}")
            return ""
        if text.upper() in SPREADSHEET_ERRORS:
            self.problems.add(self.row, column, f"holds the error {text}")
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


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
