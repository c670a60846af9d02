"""Recognise a question that says the opposite of the phrasing that matched it.

Sentence embeddings hardly change with a negation: "I was not charged twice" and "I was charged
twice" have a similarity of 0.96. So words are compared: negations, and pairs of opposites.

Pure: standard library only. English only. If no rule applies, the texts do not differ.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from assistant.meaning.negation import Kind, Negation, negated_stems, negations
from assistant.meaning.opposites import SWITCHING, opposite_in
from assistant.text.clauses import SUBJECTS, Clause, clauses, stem, stems
from assistant.text.word_lists import word_set


@dataclass(frozen=True)
class Difference:
    """The words that differ, in the question and in the phrasing."""

    question: str
    phrasing: str

    def as_dict(self) -> dict[str, str]:
        return {"question": self.question, "phrasing": self.phrasing}


_GENERIC = stems(
    """
    find get make do have use need want look go take what when where who which how why can could
    will would may is are am was were does did i my your the a an to of for in on it me you we
    our with and or if please by from at that this there be
    """
)
_DEFECTS = stems(
    """
    wrong broken damaged defective faulty late delayed missing twice double duplicate
    """
)
"""Words that a message may negate instead of the verb: "you did not send the wrong item"."""
_UNDOING = stems(
    """
    cancel stop delete remove close unsubscribe deactivate disable return refund end block
    decline avoid opt off without not no never
    """
)
_RECEIVING = stems("get arrive find see have hear work show")
_PROBLEM = word_set(
    """
    problem problems issue issues trouble error wrong fail failed fails failing unable broken
    missing help stuck waiting want need trying try tried cannot how if
    """
)
_ABLE = frozenset({"can", "could", "able"})
_PARTLY = word_set(
    """
    all right correct enough full amount same whole exact every everything
    """
)
"""With one of these, such as "not all", a negation is not the opposite."""


def difference(question: str, phrasing: str, others: Collection[str] = ()) -> Difference | None:
    """The words that make one text the opposite of the other; None if no rule applies.

    ``others``: the FAQ's other phrasings. If they have both ways to ask, the FAQ answers both.
    """
    typed, curated = clauses(question), clauses(phrasing)
    if opposite := _opposites(typed, curated, others):
        return opposite
    if _affirms(typed, curated):
        return None
    return _negated_in_question(typed, curated) or _negated_in_phrasing(typed, curated)


def _affirms(typed: tuple[Clause, ...], curated: tuple[Clause, ...]) -> bool:
    """Whether a clause without a negation has the main word of the phrasing.

    Such as "I don't need the transfer any more and want to cancel it" for "How do I cancel".
    """
    if len(typed) < 2 or any(any(negations(clause)) for clause in curated):
        return False
    heads = {_head(clause) for clause in curated} - {""} - SWITCHING
    plain = [clause for clause in typed if not any(negations(clause))]
    return any(heads.intersection(map(stem, clause.words)) for clause in plain)


def _head(clause: Clause) -> str:
    """The first word that is not generic, as a stem; empty if there is none."""
    return next((word for word in map(stem, clause.words) if word not in _GENERIC), "")


def _negated_in_question(
    typed: tuple[Clause, ...], curated: tuple[Clause, ...]
) -> Difference | None:
    curated_stems = frozenset(stem(word) for clause in curated for word in clause.words)
    excluded = negated_stems(curated)
    also_asks = any(clause.asks for clause in typed)
    for clause in typed:
        for negation in negations(clause):
            if negation.head in excluded or negation.kind in (Kind.LACK, Kind.INABILITY):
                continue
            if _differs(negation, curated, curated_stems, also_asks=also_asks):
                return Difference(f"not {negation.head}", negation.head)
    return None


def _differs(
    negation: Negation,
    curated: tuple[Clause, ...],
    curated_stems: frozenset[str],
    *,
    also_asks: bool,
) -> bool:
    named = negation.head in curated_stems
    if negation.kind is Kind.REFUSAL:
        if negation.of_thing:
            content = curated_stems - _GENERIC
            return bool(content) and named and content <= negation.scope | {negation.head}
        return named or not (also_asks or curated_stems & _UNDOING or negation.head in _RECEIVING)
    if _PARTLY & negation.scope:
        return False
    if negation.kind is Kind.DENIAL and named and negation.head not in _RECEIVING:
        return True
    denied = {negation.head} | (negation.scope & _DEFECTS)
    return any(
        denied.intersection(map(stem, clause.words))
        and (not clause.asks or clause.question_word == "why")
        for clause in curated
    )


def _negated_in_phrasing(
    typed: tuple[Clause, ...], curated: tuple[Clause, ...]
) -> Difference | None:
    """Such as "I did get a confirmation", if the phrasing is "I did not get a confirmation"."""
    in_phrasing = [
        negation
        for clause in curated
        if not clause.question_word
        for negation in negations(clause)
        if negation.kind is not Kind.REFUSAL
    ]
    if not in_phrasing or any(any(negations(clause)) for clause in typed):
        return None
    negated = {negation.head: negation for negation in in_phrasing}
    for clause in typed:
        if clause.asks or _PROBLEM.intersection(clause.words):
            continue
        stems = [stem(word) for word in clause.words]
        for place, word in enumerate(stems):
            before = clause.words[:place]
            negation = negated.get(word) or (negated.get("get") if word == stem("arrive") else None)
            if negation is None or not SUBJECTS.intersection(before):
                continue
            about = negation.scope - {negation.head} - _GENERIC
            if about and not about.intersection(stems):
                continue
            if negation.kind is not Kind.INABILITY or _ABLE.intersection(before):
                return Difference(word, f"not {word}")
    return None


def _opposites(
    typed: tuple[Clause, ...], curated: tuple[Clause, ...], others: Collection[str]
) -> Difference | None:
    pair = opposite_in(typed, curated)
    if pair is None:
        return None
    mine, theirs = pair
    negated = mine in negated_stems(typed)
    # With one negation, the opposite word means the same: "not the right item", "the wrong item".
    if negated != (theirs in negated_stems(curated)):
        return None
    if any(_says(clauses(other), mine, negated=negated) for other in others):
        return None
    return Difference(mine, theirs)


def _says(texts: tuple[Clause, ...], word: str, *, negated: bool) -> bool:
    has_word = any(word in map(stem, clause.words) for clause in texts)
    return has_word and (word in negated_stems(texts)) == negated
