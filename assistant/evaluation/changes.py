"""What changed between two evaluations of the same questions.

Pure: standard library only. Questions are as ``Judged.as_dict`` tells them, such as a run kept in a
file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assistant.evaluation.evaluate import Result


@dataclass(frozen=True)
class Flip:
    """A question whose result changed from one run to the next."""

    question: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def flips(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> list[Flip]:
    """Questions of both runs whose result, or wrong answer, changed; as ``Judged.as_dict`` tells.

    The ones that got worse come first.
    """
    known = {_key(one): one for one in before}
    changed = [
        Flip(one["question"], known[_key(one)], one)
        for one in after
        if _key(one) in known and _told(known[_key(one)]) != _told(one)
    ]
    return sorted(changed, key=lambda flip: (_gain(flip), flip.question))


def _key(one: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    # With another label it is another question.
    return one["question"], tuple(one["expected"])


def _told(one: Mapping[str, Any]) -> tuple[str, str | None]:
    return one["result"], one["faq_id"] if one["result"] == Result.WRONG else None


def _gain(flip: Flip) -> int:
    return _worth(flip.after) - _worth(flip.before)


def _worth(one: Mapping[str, Any]) -> int:
    best_first = [Result.RIGHT, Result.OFFERED, Result.ASKED, Result.FELL_THROUGH, Result.WRONG]
    if not one["expected"]:
        best_first = [Result.FELL_THROUGH, Result.ASKED, Result.WRONG]
    return -best_first.index(Result(one["result"]))
