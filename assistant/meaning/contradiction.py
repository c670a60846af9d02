"""Do two answers to one question contradict each other?

Two replies may be .95 similar and say opposite things. So the words are compared: yes and no, what
each negates, opposites, and numbers. Rather a contradiction too many: a person looks at each.

Pure: standard library only. English only; where no rule applies, the texts do not contradict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.meaning.identifiers import Kind, identifiers, is_same_place
from assistant.meaning.negation import negations
from assistant.meaning.opposites import opposite_in
from assistant.text.clauses import clauses, stem

_VERDICT = re.compile(
    r"\W*(?:(?P<no>no|nope|unfortunately|sadly)|(?P<yes>yes|yeah|sure|certainly|of course))\b",
    re.IGNORECASE,
)

COMPARED = {Kind.MEASURE, Kind.NUMBER, Kind.YEAR}
"""Codes and long numbers are a customer's own."""


@dataclass(frozen=True)
class Contradiction:
    """The words that contradict: of the one text, and of the other."""

    one: str
    other: str


def contradiction(one: str, other: str) -> Contradiction | None:
    """How two answers contradict each other; None if they do not, as far as can be seen."""
    result = _verdicts(one, other) or _negation(one, other) or _opposites(one, other)
    if result is None and (turned := _negation(other, one)):
        result = Contradiction(turned.other, turned.one)
    return result or _numbers(one, other)


def _verdicts(one: str, other: str) -> Contradiction | None:
    mine, theirs = _VERDICT.match(one), _VERDICT.match(other)
    if mine is None or theirs is None or mine.lastgroup == theirs.lastgroup:
        return None
    return Contradiction(mine.group().strip(), theirs.group().strip())


def _negation(one: str, other: str) -> Contradiction | None:
    """What ``one`` only negates and ``other`` only affirms."""
    negated, theirs = _negated(one), _negated(other)
    affirmed = _affirmed(other) - theirs
    for word in sorted(negated & affirmed - _affirmed(one)):
        return Contradiction(f"not {word}", word)
    return None


def _negated(text: str) -> frozenset[str]:
    """The stems of what is negated: "cancel" of "you cannot cancel it"."""
    return frozenset(negation.head for clause in clauses(text) for negation in negations(clause))


def _affirmed(text: str) -> set[str]:
    """The stems of the clauses that negate nothing."""
    return {
        stem(word)
        for clause in clauses(text)
        if not {"not", "never", "no"}.intersection(clause.words)
        for word in clause.words
    }


def _opposites(one: str, other: str) -> Contradiction | None:
    pair = opposite_in(clauses(one), clauses(other))
    if pair is None or any(word in _negated(one) | _negated(other) for word in pair):
        return None
    return Contradiction(*pair)


def _numbers(one: str, other: str) -> Contradiction | None:
    """A number of ``one`` in whose place ``other`` has another."""
    mine = [identifier for identifier in identifiers(one) if identifier.kind in COMPARED]
    theirs = [identifier for identifier in identifiers(other) if identifier.kind in COMPARED]
    for number in mine:
        rivals = [identifier.value for identifier in theirs if is_same_place(number, identifier)]
        if rivals and number.value not in rivals:
            return Contradiction(number.value, rivals[0])
    return None
