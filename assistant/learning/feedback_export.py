"""Rated questions as CSV: redacted texts, no names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from assistant.learning.feedback import Feedback
from audit import spreadsheet
from audit.models import Record

COLUMNS = ("query", "expected_id", "helpful", "reason")
"""``expected_id``: the FAQ that answered. Only a helpful answer says that it was the right one."""

MIN_PEOPLE = 3
"""Who rated answers of one FAQ. With fewer, the questions might reveal who asked them."""


def csv_lines(*, only_helpful: bool = False) -> Iterator[str]:
    """The header and a line for each rated answer of an FAQ, oldest first; none of erased people.

    Cells are escaped so that a spreadsheet does not take them for formulas.
    """
    return spreadsheet.csv_lines(chain([COLUMNS], _rows(only_helpful)))


def _rows(only_helpful: bool) -> Iterator[tuple[str, ...]]:
    rated = Feedback.objects.exclude(faq_id="").order_by("id")
    people: dict[str, set[str]] = defaultdict(set)
    for faq_id, user_id in rated.exclude(user_id="").values_list("faq_id", "user_id"):
        people[faq_id].add(user_id)
    shown = [faq_id for faq_id, names in people.items() if len(names) >= MIN_PEOPLE]
    rows = rated.filter(faq_id__in=shown)
    for feedback in rows.filter(helpful=True) if only_helpful else rows:
        if question := _question(feedback):
            helpful = "true" if feedback.helpful else "false"
            yield question, feedback.faq_id, helpful, feedback.reason


def _question(feedback: Feedback) -> str:
    """The redacted question that was rated; empty if its person was erased."""
    asks = Record.objects.all().about("ask", feedback.ask_id).filter(action="question.asked")
    ask = asks.first()
    return str(ask.data.get("question", "")) if ask else ""
