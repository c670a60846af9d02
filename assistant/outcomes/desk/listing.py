"""The rows behind a figure, as a page and as CSV. Never a name of somebody who asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone

from assistant.learning.gaps import Gap, GapAsk
from assistant.outcomes.needs import OPEN, WINDOW
from assistant.outcomes.rows import Need, NeedAsk, TicketTimes
from assistant.outcomes.sample import SampledAsk
from audit import spreadsheet
from audit.models import Record

Columns = Mapping[str, Callable[[Any], object]]

COLUMNS: dict[type, Columns] = {
    Need: {
        "need": lambda need: need.pk,
        "first_ask": lambda need: need.first,
        "last_ask": lambda need: need.last,
        "asks": lambda need: need.asks,
        "end": lambda need: need.end,
        "state": lambda need: OPEN if need.last > timezone.now() - WINDOW else "closed",
        "ticket_reason": lambda need: need.escalation,
        "faq_id": lambda need: need.faq_id,
        "audiences": lambda need: " ".join(need.audiences),
        "channel": lambda need: need.channel,
    },
    NeedAsk: {
        "ask_id": lambda ask: ask.pk,
        "asked": lambda ask: ask.at,
        "outcome": lambda ask: ask.outcome,
        "reason": lambda ask: ask.reason,
        "faq_id": lambda ask: ask.faq_id,
        "release": lambda ask: ask.release,
        "channel": lambda ask: ask.channel,
        "helpful": lambda ask: {True: "yes", False: "no"}.get(ask.helpful, ""),
        "need": lambda ask: ask.need_id,
    },
    TicketTimes: {
        "ticket": lambda times: times.pk,
        "opened": lambda times: times.opened,
        "first_reply": lambda times: times.first_reply,
        "resolved": lambda times: times.resolved,
        "overdue": lambda times: times.overdue,
        "due": lambda times: times.ticket.due,
        "reason": lambda times: times.reason,
        "category": lambda times: times.ticket.category,
        "assignee": lambda times: times.ticket.assignee,
    },
    SampledAsk: {
        "ask_id": lambda sample: sample.pk,
        "week": lambda sample: sample.week,
        "asked": lambda sample: sample.at,
        "faq_id": lambda sample: sample.faq_id,
        "verdict": lambda sample: sample.verdict,
        "expected": lambda sample: sample.expected,
    },
}
"""The columns of each kind of row, with their values."""


KEYS = frozenset({"need", "ask_id", "ticket"})
"""Columns of the CSV that are links on the page."""


def detail_url(row: Any) -> str:
    """The page of the need of a need or ask, or of a ticket; empty if there is none."""
    if isinstance(row, TicketTimes):
        return reverse("admin:tickets_ticket_change", args=[row.pk])
    need = row.pk if isinstance(row, Need) else getattr(row, "need_id", None)
    return reverse("outcome-need", args=[need]) if need else ""


def columns(rows: Any) -> Columns:
    return COLUMNS[rows.model]


def with_related(rows: Any) -> Any:
    return rows.select_related("ticket") if rows.model is TicketTimes else rows


def csv_lines(rows: Any) -> Iterator[str]:
    """The header and a line for each row, times in ISO 8601; no cell begins a formula."""
    shown = columns(rows)
    cells = (
        [_cell(value(row)) for value in shown.values()]
        for row in with_related(rows).iterator(2_000)
    )
    return spreadsheet.csv_lines(chain([shown], cells))


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def questions(rows: Sequence[Any]) -> dict[Any, str]:
    """The redacted question of each need, ask or sampled ask by its key; none of erased people."""
    records = _record_ids(rows)
    texts = Record.objects.in_bulk(records.values())
    return {
        key: texts[record_id].data.get("question", "")
        for key, record_id in records.items()
        if record_id in texts
    }


def _record_ids(rows: Iterable[Any]) -> dict[Any, int]:
    rows = list(rows)
    if rows and isinstance(rows[0], Need):
        # A need has the id of its first ask.
        asks = NeedAsk.objects.filter(pk__in=[need.pk for need in rows])
        return dict(asks.values_list("pk", "record_id"))
    return {row.pk: row.record_id for row in rows if not isinstance(row, TicketTimes)}


def gap_titles(gaps: Sequence[Gap]) -> dict[int, str]:
    """The name of each gap, or its central question, redacted."""
    central = GapAsk.objects.filter(gap__in=gaps, is_central=True)
    records = dict(central.values_list("gap", "record_id"))
    texts = Record.objects.in_bulk(records.values())
    titles = {}
    for gap in gaps:
        record = texts.get(records.get(gap.pk, 0))
        question = record.data.get("question", "") if record else ""
        titles[gap.pk] = gap.name or question or str(gap)
    return titles


def csv_response(lines: Any, name: str) -> HttpResponseBase:
    """A download of these lines; ``name``: its file name."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
