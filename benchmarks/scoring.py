"""Precision, recall and time of a finder of personal data on labelled texts, by kind. Pure."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from audit.privacy.redaction import Kind, Span

Finder = Callable[[str], Sequence[Span]]

CORE = (Kind.EMAIL, Kind.PHONE, Kind.CNIC, Kind.CARD)
"""The four kinds that people type most."""

KINDS = {"CREDIT_CARD": Kind.CARD} | {kind.value: kind for kind in Kind}
"""By their name in a file of cases."""

POSITIVE = "pos"


class BadCase(ValueError):
    """A line of the file is not a case; the text says which."""


@dataclass(frozen=True)
class Case:
    """A text and the personal data in it. What overlaps ``neutral`` counts neither way."""

    text: str
    spans: tuple[Span, ...]
    neutral: tuple[tuple[int, int], ...] = ()
    suite: str = POSITIVE
    """``pos``, or the sort of negative."""


def read_cases(lines: Iterable[str]) -> list[Case]:
    """Cases from JSON lines: ``text``, ``spans`` of ``entity``, ``start`` and ``end`` (offsets in
    characters), ``neutral`` of ``start`` and ``end``, ``kind``. Raises ``BadCase``."""
    cases = []
    for number, line in enumerate(lines, 1):
        try:
            fields = json.loads(line)
            cases.append(
                Case(
                    text=fields["text"],
                    spans=tuple(
                        Span(span["start"], span["end"], KINDS[span["entity"]])
                        for span in fields["spans"]
                    ),
                    neutral=tuple((e["start"], e["end"]) for e in fields.get("neutral", ())),
                    suite=fields.get("kind", POSITIVE),
                )
            )
        except (ValueError, LookupError, TypeError) as wrong:
            raise BadCase(f"line {number} is not a case: {wrong}") from None
    return cases


@dataclass
class Score:
    """True positives, false positives and false negatives. Personal data counts as detected if a
    span of its kind overlaps it: what is left of half-masked data is of no use."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed or 1)

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)


@dataclass
class Scores:
    """By kind; and of each sort of negative the number of texts, and of those that changed."""

    by_kind: dict[Kind, Score] = field(default_factory=dict)
    negatives: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)

    def of(self, kinds: Iterable[Kind]) -> Score:
        return sum((self.by_kind.get(kind, Score()) for kind in kinds), Score())


def score(cases: Iterable[Case], find: Finder) -> Scores:
    scores = Scores()
    for case in cases:
        spans = find(case.text)
        wrong = [span for span in spans if not _is_right(span, case)]
        for span in case.spans:
            hit = any(_overlaps(span, other) and span.kind is other.kind for other in spans)
            scores.by_kind.setdefault(span.kind, Score())
            scores.by_kind[span.kind] += Score(right=hit, missed=not hit)
        for span in wrong:
            scores.by_kind[span.kind] = scores.by_kind.get(span.kind, Score()) + Score(wrong=1)
        if case.suite != POSITIVE:
            scores.negatives[case.suite] += 1
            scores.changed[case.suite] += bool(wrong)
    return scores


def median_ms(find: Finder, texts: Sequence[str], *, repeats: int = 20) -> float:
    """For one text, in milliseconds of CPU time, so that other programs do not count."""
    seconds = []
    for text in texts:
        for _ in range(repeats):
            started = time.process_time()
            find(text)
            seconds.append(time.process_time() - started)
    return statistics.median(seconds) * 1000


def of_length(texts: Iterable[str], length: int) -> list[str]:
    """Concatenate the texts and cut them to ``length`` characters."""
    cut, text = [], ""
    for sentence in texts:
        text += f"{sentence}. "
        if len(text) >= length:
            cut.append(text[:length])
            text = ""
    return cut


def _is_right(span: Span, case: Case) -> bool:
    same = any(_overlaps(span, other) and span.kind is other.kind for other in case.spans)
    return same or any(span.start < end and start < span.end for start, end in case.neutral)


def _overlaps(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
