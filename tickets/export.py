"""Tickets as CSV, a row at a time, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from audit.spreadsheet import neutralise

if TYPE_CHECKING:
    from tickets.models import Ticket

COLUMNS = (
    *("id", "created", "status", "priority", "category", "reason", "tags", "due", "breached"),
    *("requester", "assignee", "ask_id", "message"),
)


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(tickets: Iterable[Ticket]) -> Iterator[str]:
    """The header and a line per ticket; no cell begins a formula."""
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for ticket in tickets:
        yield writer.writerow([neutralise(_cell(getattr(ticket, name))) for name in COLUMNS])


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)
