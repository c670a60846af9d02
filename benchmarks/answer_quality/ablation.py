"""What each rule of a decision costs and buys: the same questions, decided without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from unittest.mock import patch

from assistant.calibration.proportion import Proportion
from assistant.evaluation.evaluate import Evaluation, evaluate
from assistant.text.spelling import Correction
from benchmarks.answer_quality.release import OfflineRelease, Question

MESSAGE = "assistant.decision.message"
PARTS = "assistant.decision.multiple_questions"
WORDING = "assistant.meaning.wording"

Without = Callable[[], AbstractContextManager[object]]


def _returns(target: str, value: object) -> Without:
    return partial(patch, target, lambda *_, **__: value)


RULES: Mapping[str, Without] = {
    "cleaning": partial(patch, f"{MESSAGE}.strip_pleasantries", str.strip),
    "small talk, hand-off": _returns(f"{MESSAGE}.intent_of", None),
    "unsupported language": _returns(f"{MESSAGE}.is_foreign", False),
    "sentences": _returns(f"{MESSAGE}.to_decide", ()),
    "a question that refers back": _returns("assistant.text.sentences._refers_back", False),
    "disagreement of sentences": _returns(f"{PARTS}._rival", None),
    "main sentence of a story": _returns(f"{PARTS}._main_sentence", None),
    "spelling": partial(
        patch,
        "assistant.matching.release_words.ReleaseWords.correct",
        lambda _, text: Correction(text),
    ),
    "least lead": _returns("assistant.decision.decision.is_near_tie", False),
    "opposite": _returns(f"{WORDING}.difference", None),
    "other identifier": _returns(f"{WORDING}.missing", ""),
    "other name": _returns(f"{WORDING}.other_name", None),
    "underspecified": _returns(f"{MESSAGE}.is_underspecified", False),
    "words in the answer": _returns("assistant.text.answer_words.AnswerWords.find", ""),
}
"""A patch that switches each rule off."""


def cells(release: OfflineRelease, questions: Sequence[Question]) -> list[str]:
    """Coverage and precision with all rules in %, then their changes without each, in points."""
    with_all = evaluate(release.decide(questions))
    changes = []
    for without in RULES.values():
        with without():
            changes.append(_changes(evaluate(release.decide(questions)), with_all))
    return [f"{_percent(with_all.coverage):.1f} {_percent(with_all.precision):.1f}", *changes]


def table(columns: Mapping[str, Sequence[str]]) -> str:
    """A row for each rule, and the ``cells`` of a column for each release."""
    rows = zip(("(all rules)", *RULES), *columns.values(), strict=True)
    return "\n".join(
        (
            f"| without | {' | '.join(columns)} |",
            "|---" * (len(columns) + 1) + "|",
            *(f"| {' | '.join(row)} |" for row in rows),
        )
    )


def _changes(without: Evaluation, with_all: Evaluation) -> str:
    pairs = (
        (without.coverage, with_all.coverage),
        (without.precision, with_all.precision),
    )
    return " ".join(f"{_percent(one) - _percent(other):+.1f}" for one, other in pairs)


def _percent(number: Proportion) -> float:
    return 100 * (number.value or 0.0)
