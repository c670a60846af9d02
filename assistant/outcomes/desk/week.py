"""The last closed week in four figures, for the first page of the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse

from assistant.outcomes import figures
from assistant.outcomes.desk import charts
from assistant.outcomes.desk.links import link, query
from assistant.outcomes.desk.tables import KINDS, days_of
from assistant.outcomes.needs import End
from assistant.outcomes.selection import Selection

SPARK_DAYS = 28


def week() -> dict[str, Any]:
    """The last closed week in four figures, each with a line of the days before it."""
    selection = Selection.closed_week()
    longer = Selection(
        selection.last - timedelta(days=SPARK_DAYS - 1), selection.last, zone=selection.zone
    )
    ends = figures.need_counts(selection).ends
    days = figures.need_counts(longer).days
    rates = ends.rates
    chosen = [
        ("Needs", "needs", str(ends.total), f"{ends.open} still open", KINDS),
        *(
            (title, name, rates[name].text, rates[name].note, kinds)
            for title, name, kinds in (
                ("Resolved", "resolution", (End.CONFIRMED, End.CONTAINED)),
                ("Abandoned", "abandonment", (End.ABANDONED,)),
                ("Escalated", "escalation", (End.ESCALATED,)),
            )
        ),
    ]
    return {
        "first": selection.first,
        "last": selection.last,
        "url": f"{reverse('outcomes')}?{query(selection)}",
        "figures": [
            {
                "title": title,
                "value": link(text, name, selection),
                "note": note,
                "line": charts.sparkline(
                    [sum(days.get(day, {}).get(k, 0) for k in kinds) for day in days_of(longer)]
                ),
            }
            for title, name, text, note, kinds in chosen
        ],
    }
