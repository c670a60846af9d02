"""Keep a spreadsheet from running a CSV cell as a formula, and give the cell back as it was.

Pure. The rule is OWASP's (ASVS 5.0, requirement 1.2.10: cells beginning with = + - @ tab or NUL),
with carriage return, line feed and the full-width signs on top, which spreadsheets act on as well.

A cell is *risky* if it begins like a formula once the apostrophes at its start are taken away.
``neutralise`` puts one apostrophe in front of a risky cell; ``restore`` takes one away if what
remains is risky. So ``restore(neutralise(cell)) == cell`` for every text: ``=1`` is written as
``'=1`` and ``'=1`` as ``''=1``. The price: a cell that somebody typed as ``'=1`` is read as ``=1``.
"""

from __future__ import annotations

import re

# Spreadsheets skip blanks before a formula, so blanks in front are no protection.
_RISKY = re.compile(r"['\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n\0]")


def neutralise(cell: str) -> str:
    """``cell`` as it may stand in a CSV file that a person will open in a spreadsheet."""
    return f"'{cell}" if _RISKY.match(cell) else cell


def restore(cell: str) -> str:
    """The text that ``neutralise`` was given; a cell it cannot have written comes back as is."""
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell) else cell
