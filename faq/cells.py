"""One row of a file of FAQs: what its cells say, and what is wrong with them.

Pure: no Django, no database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from faq.phrasing import distinct, is_blank, normalise
from faq.rows import Limits, Problems, shown

FAQ_COLUMNS = ("id", "question", "answer", "category")
ALTERNATES = "alternates"
OWN_COLUMNS = ("threshold", "margin", "audience", "owner", "review_by", "retired")
"""What a file may say besides; where it has no such column, an FAQ keeps what it has."""
ALTERNATE_QUESTION = "alternate_question"

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Control characters (Cc) and halves of surrogate pairs (Cs); Postgres refuses some of them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_YES = frozenset({"yes", "true", "1"})
_NO = frozenset({"", "no", "false", "0"})


@dataclass(frozen=True)
class FaqRow:
    """One FAQ of a file. ``row`` is as a spreadsheet shows it: the header is row 1.

    Texts are NFC, stripped, with LF for line breaks; only ``category`` may be empty. No alternate
    repeats the question or another alternate.
    """

    slug: str
    question: str
    answer: str
    category: str
    alternates: tuple[str, ...]
    row: int
    own: Mapping[str, Any] = field(default_factory=dict)
    """By column, of those of ``OWN_COLUMNS`` that the file has."""


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
    cells: Mapping[str, str]
    limits: Limits
    problems: Problems

    def faq(self) -> FaqRow:
        limits = self.limits
        slug = self._slug()
        question = self._phrasing("question", self.cells["question"], limits.question)
        answer = self._text("answer", self.cells["answer"], limits.answer, allowed="\t\n")
        category = self._text("category", self.cells["category"], limits.category, required=False)
        lines = _with_line_feeds(self.cells.get(ALTERNATES, "")).split("\n")
        phrasings = [
            self._phrasing(ALTERNATES, line, limits.alternate, allowed="\t", required=False)
            for line in lines
        ]
        alternates = distinct(question, filter(None, phrasings))
        return FaqRow(slug, question, answer, category, alternates, self.row, self._own())

    def _own(self) -> dict[str, Any]:
        readers: dict[str, Callable[[str], Any]] = {
            "threshold": self._fraction,
            "margin": self._fraction,
            "audience": self._word,
            "owner": self._word,
            "review_by": self._date,
            "retired": self._flag,
        }
        return {name: readers[name](name) for name in OWN_COLUMNS if name in self.cells}

    def _word(self, column: str) -> str:
        most = self.limits.owner if column == "owner" else self.limits.category
        return self._text(column, self.cells[column], most, required=False)

    def _fraction(self, column: str) -> float | None:
        cell = self.cells[column].strip()
        try:
            value = float(cell) if cell else None
        except ValueError:
            value = -1.0
        if value is not None and not 0.0 <= value <= 1.0:
            self.problems.add(self.row, column, f"{shown(cell)} is not a number from 0 to 1")
            return None
        return value

    def _date(self, column: str) -> date | None:
        cell = self.cells[column].strip()
        try:
            return date.fromisoformat(cell) if cell else None
        except ValueError:
            self.problems.add(self.row, column, f"{shown(cell)} is not a date like 2026-12-31")
            return None

    def _flag(self, column: str) -> bool:
        cell = self.cells[column].strip().casefold()
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
        self, column: str, cell: str, most: int, *, allowed: str = "", required: bool = True
    ) -> str:
        text = self._text(column, cell, most, allowed=allowed, required=required)
        if text and not normalise(text):
            self.problems.add(self.row, column, "is nothing but punctuation")
        return text

    def _text(
        self, column: str, cell: str, most: int, *, allowed: str = "", required: bool = True
    ) -> str:
        """Empty for a cell that is blank, and for one that is not text at all."""
        text = _with_line_feeds(cell).strip(" \t\n")
        control = next((found for found in _CONTROL.findall(text) if found not in allowed), None)
        if control:
            self.problems.add(self.row, column, f"holds U+{ord(control):04X}, a control character")
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
