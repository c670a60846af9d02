"""Prevent spreadsheets from running CSV cells as formulas, reversibly.

Pure. The rule is OWASP's (ASVS 5.0, requirement 1.2.10: cells beginning with = + - @ tab or NUL),
and also carriage return, line feed and the full-width signs, which spreadsheets act on too.

A cell is *risky* if it begins like a formula after any leading apostrophes. ``neutralise`` puts an
apostrophe before a risky cell; ``restore`` removes one if the rest is risky. So
``restore(neutralise(cell)) == cell`` for every text: ``=1`` is written as ``'=1`` and ``'=1`` as
``''=1``. A limitation: a cell that somebody typed as ``'=1`` is read as ``=1``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

# Spreadsheets ignore spaces before a formula.
_RISKY = re.compile(r"['\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n\0]")


def neutralise(cell: str) -> str:
    """``cell``, safe in a CSV file that a person opens in a spreadsheet."""
    return f"'{cell}" if _RISKY.match(cell) else cell


def restore(cell: str) -> str:
    """The reverse of ``neutralise``; other cells are returned unchanged."""
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell) else cell


class _Line:
    """A file whose ``write`` returns the text."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A line of a CSV file for each row; no cell begins a formula."""
    writer = csv.writer(_Line())
    for row in rows:
        yield writer.writerow([neutralise(cell) for cell in row])
