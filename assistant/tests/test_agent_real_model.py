"""A real model, if there is one: opt-in, since it needs a server and takes minutes.

    AGENT_TEST_BASE_URL=http://127.0.0.1:8080/v1 AGENT_TEST_MODEL=openai-like:qwen2.5 \\
        python -m pytest -s assistant/tests/test_agent_real_model.py

Any OpenAI-compatible server will do, such as llama.cpp's with a model of 0.5 to 1.5 billion
parameters. Every question goes to the model, those that an FAQ would have answered too.
"""

from __future__ import annotations

import csv
import os

import pytest
from django.conf import settings as site

from assistant import wiring
from assistant.agent.limits import Limits
from assistant.answering.answer import Question
from assistant.tests.test_agent_injection import check_grounded
from faq.models import Faq

BASE_URL = os.environ.get("AGENT_TEST_BASE_URL", "")
MODEL = os.environ.get("AGENT_TEST_MODEL", "openai-like:default")
ANSWERABLE, UNANSWERABLE = 20, 10
SECONDS = 30

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not BASE_URL, reason="AGENT_TEST_BASE_URL is not set"),
    pytest.mark.slow,
]


def questions() -> list[tuple[str, str]]:
    """Twenty of the demo's labelled questions that an FAQ answers, and ten that none does."""
    with (site.BASE_DIR / "data" / "questions.csv").open(newline="") as file:
        rows = [(row["query"], row["expected_id"]) for row in csv.DictReader(file)]
    known = [row for row in rows if row[1]]
    unknown = [row for row in rows if not row[1]]
    # Spread over the file: it is sorted by FAQ.
    every = max(len(known) // ANSWERABLE, 1)
    return known[::every][:ANSWERABLE] + unknown[:UNANSWERABLE]


def test_of_thirty_questions_nothing_ungrounded_is_shown(settings):
    settings.FAQ_POLICY = "cosine"
    settings.FAQ_CONFIDENCE_THRESHOLD = 1.0
    settings.AGENT_MODEL, settings.AGENT_BASE_URL = MODEL, BASE_URL
    settings.AGENT_API_KEY = os.environ.get("AGENT_TEST_API_KEY", "")
    settings.AGENT_LIMITS = Limits(seconds=SECONDS, failures=1_000)
    for created in (wiring.agent, wiring.get_assistant):
        created.cache_clear()
    print(f"\n{'outcome':12} {'reason':16} {'grounds':16} {'s':>5}  right  question")
    try:
        told = [ask(text, expected) for text, expected in questions()]
    finally:
        for created in (wiring.agent, wiring.get_assistant):
            created.cache_clear()

    answered = [right for outcome, right in told if outcome == "answered"]
    print(f"{len(answered)} of {len(told)} answered, {sum(answered)} from the FAQ expected")
    assert len(told) == ANSWERABLE + UNANSWERABLE


def ask(text: str, expected: str) -> tuple[str, bool]:
    answer = wiring.get_assistant().ask(Question(text, user_id="u1", actor="test"))
    last = answer.path[-1]
    grounds = [step["grounds"] for step in answer.path if step["step"] == "ground"]
    right = bool(set(answer.citations) & set(expected.split("|")))
    seconds = last["ms"] / 1000
    print(
        f"{answer.outcome.value:12} {last.get('reason', ''):16} {' '.join(grounds):16} "
        f"{seconds:5.1f}  {'yes' if right else 'no':5}  {text[:60]}"
    )
    assert seconds < SECONDS + 1
    if answer.source == "agent":
        cited = Faq.objects.filter(slug__in=answer.citations)
        source = " ".join(f"{faq.question} {faq.answer}" for faq in cited)
        check_grounded(answer.text, source, text)
    return answer.outcome.value, right
