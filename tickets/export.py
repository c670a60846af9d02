"""Tickets as CSV, a row at a time, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

from audit.spreadsheet import neutralise

if TYPE_CHECKING:
    from tickets.models import Ticket, TicketQuerySet

COLUMNS = (
    *("id", "created", "status", "priority", "category", "reason", "tags", "due", "breached"),
    *("user_id", "assignee", "ask_id", "message"),
)

ATTRIBUTES = {"user_id": "requester"}
"""A ticket's attribute for a column, where the names differ."""


class _Line:
    """A file whose ``write`` returns the text."""

    def write(self, text: str) -> str:
        return text


def csv_lines(tickets: Iterable[Ticket]) -> Iterator[str]:
    """The header and a line per ticket; no cell begins a formula."""
    writer = csv.writer(_Line())
    attributes = [ATTRIBUTES.get(name, name) for name in COLUMNS]
    yield writer.writerow(COLUMNS)
    for ticket in tickets:
        yield writer.writerow([neutralise(_cell(getattr(ticket, name))) for name in attributes])


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def csv_response(tickets: TicketQuerySet) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        csv_lines(tickets.iterator(2000)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="tickets.csv"'
    return response
