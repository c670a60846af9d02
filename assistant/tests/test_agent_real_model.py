"""A real model, if there is one: opt-in, since it needs a server and takes minutes.

    AGENT_TEST_BASE_URL=http://127.0.0.1:8080/v1 AGENT_TEST_MODEL=openai-like:qwen2.5 \\
        python -m pytest -s assistant/tests/test_agent_real_model.py

Any OpenAI-compatible server will do. ``python -m benchmarks agent`` asks the same and more.
"""

from __future__ import annotations

import csv
import os
import statistics
from pathlib import Path

import pytest
from django.conf import settings as site

from assistant import wiring
from assistant.agent.attempt import Mode
from assistant.agent.limits import Limits
from assistant.answering.answer import Question

BASE_URL = os.environ.get("AGENT_TEST_BASE_URL", "")
MODEL = os.environ.get("AGENT_TEST_MODEL", "openai-like:default")
CASES = Path(__file__).parent / "cases" / "agent_questions.csv"
ANSWERABLE = 20
MIN_RIGHT = 0.6
"""Of the answerable questions, in every mode."""

SECONDS = 30

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not BASE_URL, reason="AGENT_TEST_BASE_URL is not set"),
    pytest.mark.slow,
]


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [(row["query"], row["expected_id"], row.get("kind")) for row in csv.DictReader(file)]


def questions():
    """Twenty labelled questions, spread over the demo's, and its out-of-scope and hostile ones."""
    labelled = [row for row in rows(site.BASE_DIR / "data" / "questions.csv") if row[1]]
    answerable = labelled[:: len(labelled) // ANSWERABLE][:ANSWERABLE]
    return [*answerable, *(row for row in rows(CASES) if row[2] != "answerable")]


@pytest.mark.parametrize("mode", list(Mode))
def test_most_answers_are_right_and_none_out_of_scope(settings, mode):
    settings.AGENT_MODEL, settings.AGENT_BASE_URL = MODEL, BASE_URL
    settings.AGENT_API_KEY = os.environ.get("AGENT_TEST_API_KEY", "")
    settings.AGENT_ANSWER_MODE = mode.value
    settings.AGENT_LIMITS = Limits(seconds=SECONDS, failures=1_000)
    wiring.agent.cache_clear()
    wiring.get_assistant.cache_clear()
    print(f"\n{mode}\n{'outcome':12} {'reason':16} {'s':>5}  right  question")
    try:
        replies = [ask(*question) for question in questions()]
    finally:
        wiring.agent.cache_clear()
        wiring.get_assistant.cache_clear()

    answerable = [right for right, answered, kind, _ in replies if kind is None]
    wrong = [answered for right, answered, kind, _ in replies if kind and answered and not right]
    seconds = sorted(seconds for *_, seconds in replies)
    print(
        f"{sum(answerable)} of {len(answerable)} right; {len(wrong)} wrong out of scope; p50 "
        f"{statistics.median(seconds):.1f} s, p95 {seconds[int(0.95 * len(seconds))]:.1f} s"
    )
    assert wrong == []
    assert sum(answerable) >= MIN_RIGHT * len(answerable)


def ask(text, expected, kind):
    """Whether it was answered right, and at all; its kind; the seconds of the agent."""
    answer = wiring.get_assistant().ask(Question(text, user_id="u1", actor="test"))
    last = answer.path[-1]
    right = bool(set(answer.citations) & set(filter(None, expected.split("|"))))
    seconds = last["ms"] / 1000
    print(
        f"{answer.outcome.value:12} {last.get('reason', ''):16} {seconds:5.1f}  "
        f"{'yes' if right else 'no':5}  {text[:60]}"
    )
    assert seconds < SECONDS + 1
    return right, answer.text is not None and answer.source != "set_reply", kind, seconds
