"""Compare two evaluations of the same questions.

Pure: standard library only. Questions have the form of ``EvaluatedQuestion.as_dict``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.evaluation.evaluate import Result


@dataclass(frozen=True)
class ResultChange:
    """A question whose result changed between two runs, with its results before and after."""

    question: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def result_changes(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> list[ResultChange]:
    """Questions of both runs with another result, or another wrong answer; regressions first."""
    previous = {_key(question): question for question in before}
    changes = [
        ResultChange(question["question"], previous[_key(question)], question)
        for question in after
        if _key(question) in previous and _outcome(previous[_key(question)]) != _outcome(question)
    ]
    return sorted(changes, key=lambda change: (_improvement(change), change.question))


def _key(question: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    # The same text with another label is another question.
    return question["question"], tuple(question["expected"])


def _outcome(question: Mapping[str, Any]) -> tuple[str, str | None]:
    wrong = question["result"] == Result.WRONG
    return question["result"], question["faq_id"] if wrong else None


def _improvement(change: ResultChange) -> int:
    return _quality(change.after) - _quality(change.before)


def _quality(question: Mapping[str, Any]) -> int:
    """0 for the best result, less for worse ones."""
    best_first = [Result.RIGHT, Result.OFFERED, Result.NOT_OFFERED, Result.UNANSWERED, Result.WRONG]
    if not question["expected"]:
        best_first = [Result.UNANSWERED, Result.NOT_OFFERED, Result.WRONG]
    return -best_first.index(Result(question["result"]))
