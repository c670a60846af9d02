"""How well a finder of personal data does on labelled texts, kind by kind, and how fast. Pure."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from audit.redaction import Kind, Span

Finder = Callable[[str], Sequence[Span]]

CORE = (Kind.EMAIL, Kind.PHONE, Kind.CNIC, Kind.CARD)
"""The four kinds that people type most."""

KINDS = {"CREDIT_CARD": Kind.CARD} | {kind.value: kind for kind in Kind}
"""By their name in a file of cases."""

POSITIVE = "pos"


class BadCase(ValueError):
    """A line of the file is no case; the text says which."""


@dataclass(frozen=True)
class Case:
    """A text and the personal data in it. What overlaps ``neutral`` counts neither way."""

    text: str
    spans: tuple[Span, ...]
    neutral: tuple[tuple[int, int], ...] = ()
    suite: str = POSITIVE
    """pos, or which sort of negative it is."""


def read_cases(lines: Iterable[str]) -> list[Case]:
    """Cases from JSON lines: ``text``, ``spans`` of ``entity``, ``start`` and ``end`` (offsets in
    characters), ``neutral`` of ``start`` and ``end``, ``kind``. Raises ``BadCase``."""
    found = []
    for number, line in enumerate(lines, 1):
        try:
            told = json.loads(line)
            found.append(
                Case(
                    text=told["text"],
                    spans=tuple(
                        Span(each["start"], each["end"], KINDS[each["entity"]])
                        for each in told["spans"]
                    ),
                    neutral=tuple((e["start"], e["end"]) for e in told.get("neutral", ())),
                    suite=told.get("kind", POSITIVE),
                )
            )
        except (ValueError, LookupError, TypeError) as wrong:
            raise BadCase(f"line {number} is no case: {wrong}") from None
    return found


@dataclass
class Score:
    """Found rightly, found wrongly and missed. A datum counts as found if a span of its kind
    overlaps it: what is left of a half-masked datum is of no use."""

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
    """By kind; and of each sort of negative how many texts there are and were touched."""

    by_kind: dict[Kind, Score] = field(default_factory=dict)
    there: Counter[str] = field(default_factory=Counter)
    touched: Counter[str] = field(default_factory=Counter)

    def of(self, kinds: Iterable[Kind]) -> Score:
        return sum((self.by_kind.get(kind, Score()) for kind in kinds), Score())


def score(cases: Iterable[Case], find: Finder) -> Scores:
    made = Scores()
    for case in cases:
        found = find(case.text)
        wrong = [span for span in found if not _is_right(span, case)]
        for span in case.spans:
            hit = any(_overlaps(span, each) and span.kind is each.kind for each in found)
            made.by_kind.setdefault(span.kind, Score())
            made.by_kind[span.kind] += Score(right=hit, missed=not hit)
        for span in wrong:
            made.by_kind[span.kind] = made.by_kind.get(span.kind, Score()) + Score(wrong=1)
        if case.suite != POSITIVE:
            made.there[case.suite] += 1
            made.touched[case.suite] += bool(wrong)
    return made


def median_ms(find: Finder, texts: Sequence[str], *, repeats: int = 20) -> float:
    """Of one text, in milliseconds of processor time: what else runs on the machine counts not."""
    taken = []
    for text in texts:
        for _ in range(repeats):
            started = time.process_time()
            find(text)
            taken.append(time.process_time() - started)
    return statistics.median(taken) * 1000


def of_length(texts: Iterable[str], length: int) -> list[str]:
    """Texts joined and cut to so many characters each."""
    made, text = [], ""
    for each in texts:
        text += f"{each}. "
        if len(text) >= length:
            made.append(text[:length])
            text = ""
    return made


def _is_right(span: Span, case: Case) -> bool:
    same = any(_overlaps(span, each) and span.kind is each.kind for each in case.spans)
    return same or any(span.start < end and start < span.end for start, end in case.neutral)


def _overlaps(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
