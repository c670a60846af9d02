"""Read CSV files of labelled questions: a question, and the FAQs that answer it.

Pure: no Django, no database.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from faq.files.csv_files import csv_rows
from faq.files.tables import Limits, Problems, records, short_repr
from faq.phrasing import is_blank

QUERY, EXPECTED = "query", "expected_id"
SEPARATOR = "|"
MAX_QUESTION_LENGTH = 4000


@dataclass(frozen=True)
class LabelledQuestion:
    """A question and the ids of the FAQs that answer it; empty: it must not be answered."""

    question: str
    expected: tuple[str, ...]


def read_questions(
    data: bytes, *, faq_ids: Collection[str], limits: Limits | None = None
) -> list[LabelledQuestion]:
    """The rows of a CSV file with the columns ``query,expected_id``.

    An empty ``expected_id`` means that no FAQ answers; several are separated by ``|``. Every id
    must be in ``faq_ids``. Raises ``faq.files.tables.Unreadable``, which lists every bad row.
    """
    limits = limits or Limits()
    problems = Problems(most=limits.problems)
    rows = csv_rows(data, limits=limits, problems=problems)
    questions = []
    for number, cells in records(rows, (QUERY, EXPECTED), (), problems):
        question = str(cells[QUERY]).strip()
        expected = tuple(
            sorted({part.strip() for part in str(cells[EXPECTED]).split(SEPARATOR)} - {""})
        )
        if is_blank(question):
            problems.add(number, QUERY, "is empty")
        if len(question) > MAX_QUESTION_LENGTH:
            problems.add(number, QUERY, f"has over {MAX_QUESTION_LENGTH} characters")
        for faq_id in expected:
            if faq_id not in faq_ids:
                problems.add(number, EXPECTED, f"there is no published FAQ {short_repr(faq_id)}")
        questions.append(LabelledQuestion(question, expected))
    problems.raise_if_any()
    return questions
