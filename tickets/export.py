"""Tickets as CSV, a row at a time, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

from audit import spreadsheet

if TYPE_CHECKING:
    from tickets.models import Ticket, TicketQuerySet

COLUMNS = (
    *("id", "created", "status", "priority", "category", "reason", "tags", "due", "breached"),
    *("user_id", "assignee", "ask_id", "message"),
)

ATTRIBUTES = {"user_id": "requester"}
"""A ticket's attribute for a column, where the names differ."""


BYTE_ORDER_MARK = "\ufeff"
"""Without it, Excel misreads UTF-8."""


def csv_file(tickets: TicketQuerySet) -> Iterator[str]:
    """A whole file for a spreadsheet, a line at a time."""
    return chain([BYTE_ORDER_MARK], csv_lines(tickets.iterator(2000)))


def csv_lines(tickets: Iterable[Ticket]) -> Iterator[str]:
    """The header and a line per ticket; no cell begins a formula."""
    attributes = [ATTRIBUTES.get(name, name) for name in COLUMNS]
    rows = ([_cell(getattr(ticket, name)) for name in attributes] for ticket in tickets)
    return spreadsheet.csv_lines(chain([COLUMNS], rows))


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def csv_response(tickets: TicketQuerySet) -> StreamingHttpResponse:
    response = StreamingHttpResponse(csv_file(tickets), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="tickets.csv"'
    return response
