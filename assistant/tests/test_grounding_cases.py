"""How many labelled sentences are shown. Their relevance was computed with all-MiniLM-L6-v2."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from assistant.grounding.replies import check_grounding
from faq.content import Content

CASES = Path(__file__).parent / "cases"
FILES = (Path(__file__).parents[2] / "data" / "faq.csv", CASES / "grounding_faqs.csv")


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def faqs():
    return {
        row["id"]: Content(
            *(row["id"], row["question"], row["answer"]),
            alternates=tuple(filter(None, row.get("alternates", "").split("\n"))),
        )
        for path in FILES
        for row in rows(path)
    }


@pytest.mark.parametrize("half", ["tuning", "report"])
def test_most_fair_sentences_are_shown_and_few_others(faqs, half):
    sentences = [row for row in rows(CASES / "grounding_sentences.csv") if row["half"] == half]
    shown, of = Counter(), Counter()
    for row in sentences:
        verdict = check_grounding(
            row["sentence"],
            citing=[row["faq_id"]],
            returned=faqs,
            visible=faqs,
            relevance=lambda texts, row=row: float(row["relevance"]),
        )
        is_fair = row["label"] == "fair"
        of[is_fair] += 1
        shown[is_fair] += verdict.text is not None

    assert shown[True] >= 0.6 * of[True]
    assert shown[False] <= 0.05 * of[False]
