"""Does a question say the opposite of the phrasing that matched it?

Sentence embeddings hardly see a negation: "I was not charged twice" is 0.96 from "I was charged
twice". So the words are compared: what each text negates, and pairs of opposites.

Pure: standard library only. English only; where no rule applies, the texts do not differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum

from assistant.meaning.opposites import SWITCHING, opposite_in
from assistant.text.clauses import AUXILIARIES, SUBJECTS, Clause, clauses, stem, stems
from assistant.text.word_lists import word_set


class Kind(Enum):
    REFUSAL = "refusal"
    """Somebody does not want it: "I don't want to cancel", "do not cancel", "no need to cancel"."""
    FACT = "fact"
    """It is not so: "I was not charged"."""
    DENIAL = "denial"
    """Somebody did not do it: "I did not cancel my order"."""
    LACK = "lack"
    """It is missing or does not work: "I don't know how to sign in"."""
    INABILITY = "inability"
    """It cannot be done, or is asked for as if it was not: "I can't sign in", "can't I pay"."""


@dataclass(frozen=True)
class Negation:
    """What a clause negates: the ``head`` word, and all words from there on as stems.

    ``of_thing``: the head is a noun ("I don't need an invoice").
    """

    kind: Kind
    head: str
    scope: frozenset[str]
    of_thing: bool = False


@dataclass(frozen=True)
class Difference:
    """The words that differ: of the question, and of the phrasing."""

    question: str
    phrasing: str

    def as_dict(self) -> dict[str, str]:
        return {"question": self.question, "phrasing": self.phrasing}


_WANTING = word_set(
    """
    want wants wanted need needs needed wish intend plan planning mean like ask asked request
    requested require going
    """
)
_LACKING = word_set(
    """
    know remember recall see find understand sure certain recognise recognize think believe have
    has had got able hear possible let allow work working
    """
)
_FILLERS = word_set(
    """
    to be been being is are am was were the a an any my your our their his her its it this that
    these those me us you i we they really actually even yet still just again all so very too at
    of for will would can do please in on anything something longer more ever
    """
)
_DETERMINERS = word_set("the a an any my your our this that these those")
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
"""What a message may deny in other words than the phrasing: "you did not send the wrong item"."""
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
"""Not all of it is not the opposite of it."""
_FIRST_PERSON = frozenset({"i", "we"})


def negates(text: str) -> bool:
    """Whether an English text negates something."""
    return any(any(_negations(clause)) for clause in clauses(text))


def difference(question: str, phrasing: str, others: Collection[str] = ()) -> Difference | None:
    """How the polarity of two texts differs; None if it does not, as far as can be seen.

    ``others``: the FAQ's other phrasings. An FAQ that is asked for both ways answers both.
    """
    typed, curated = clauses(question), clauses(phrasing)
    if opposite := _opposites(typed, curated, others):
        return opposite
    if _affirms(typed, curated):
        return None
    return _negated_in_question(typed, curated) or _negated_in_phrasing(typed, curated)


def _affirms(typed: tuple[Clause, ...], curated: tuple[Clause, ...]) -> bool:
    """Whether a text that negates something says or asks elsewhere what the phrasing is about.

    "I don't need the transfer any more and want to cancel it" is about "How do I cancel".
    """
    if len(typed) < 2 or any(any(_negations(clause)) for clause in curated):
        return False
    heads = {_head(clause) for clause in curated} - {""} - SWITCHING
    plain = [clause for clause in typed if not any(_negations(clause))]
    return any(heads.intersection(map(stem, clause.words)) for clause in plain)


def _head(clause: Clause) -> str:
    """The first word that says something, as a stem; empty without any."""
    return next((word for word in map(stem, clause.words) if word not in _GENERIC), "")


def _negated_in_question(
    typed: tuple[Clause, ...], curated: tuple[Clause, ...]
) -> Difference | None:
    known = frozenset(stem(word) for clause in curated for word in clause.words)
    excluded = _negated_stems(curated)
    also_asks = any(clause.asks for clause in typed)
    for clause in typed:
        for negation in _negations(clause):
            if negation.head in excluded or negation.kind in (Kind.LACK, Kind.INABILITY):
                continue
            if _differs(negation, curated, known, also_asks=also_asks):
                return Difference(f"not {negation.head}", negation.head)
    return None


def _differs(
    negation: Negation,
    curated: tuple[Clause, ...],
    known: frozenset[str],
    *,
    also_asks: bool,
) -> bool:
    named = negation.head in known
    if negation.kind is Kind.REFUSAL:
        if negation.of_thing:
            content = known - _GENERIC
            return bool(content) and named and content <= negation.scope | {negation.head}
        return named or not (also_asks or known & _UNDOING or negation.head in _RECEIVING)
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
    """ "I did get a confirmation", where the phrasing is "I did not get a confirmation"."""
    negations = [
        negation
        for clause in curated
        if not clause.question_word
        for negation in _negations(clause)
        if negation.kind is not Kind.REFUSAL
    ]
    if not negations or any(any(_negations(clause)) for clause in typed):
        return None
    negated = {negation.head: negation for negation in negations}
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
    negated = mine in _negated_stems(typed)
    # Negated once, an opposite means the same: "not the right item" is "the wrong item".
    if negated != (theirs in _negated_stems(curated)):
        return None
    if any(_says(clauses(other), mine, negated=negated) for other in others):
        return None
    return Difference(mine, theirs)


def _says(texts: tuple[Clause, ...], word: str, *, negated: bool) -> bool:
    there = any(word in map(stem, clause.words) for clause in texts)
    return there and (word in _negated_stems(texts)) == negated


def _negated_stems(texts: tuple[Clause, ...]) -> frozenset[str]:
    return frozenset(
        word
        for clause in texts
        for negation in _negations(clause)
        for word in (*negation.scope, negation.head)
    )


def _negations(clause: Clause) -> Iterator[Negation]:
    words = clause.words
    for place, word in enumerate(words):
        following = words[place + 1 :]
        if word == "not" and following[:1] != ("only",):
            negation = _of_not(clause, place)
        elif word == "never" and following[:1] != ("mind",):
            negation = _fact(following, subject=words[:place])
        elif word == "no" and following[:1] in (("longer",), ("more",)):
            negation = _no_longer(following[1:])
        elif word == "no" and following[:1] == ("need",):
            negation = _negation(Kind.REFUSAL, following[1:])
        elif word == "without" or (word == "yet" and following[:1] == ("to",)):
            negation = _negation(Kind.LACK, following)
        elif word in ("nothing", "nobody", "none"):
            negation = _negation(Kind.FACT, following) if following else None
        else:
            negation = None
        if negation:
            yield negation


def _of_not(clause: Clause, place: int) -> Negation | None:
    """The negation of the "not" at ``place``."""
    words = clause.words
    before, following = words[:place], words[place + 1 :]
    auxiliary = before[-1] if before else ""
    if _is_rhetorical(clause, place):
        return _negation(Kind.INABILITY, following)
    if clause.question_word == "how" and before[-1:] != ("can",):
        return _negation(Kind.REFUSAL, following)
    if auxiliary in ("can", "could", "will", "would", "should"):
        return _negation(Kind.INABILITY, following)
    first = next((word for word in following if word not in ("really", "actually", "even")), "")
    if first in _LACKING:
        return _negation(Kind.LACK, following)
    if first in _WANTING:
        return _negation(Kind.REFUSAL, following[following.index(first) + 1 :])
    if auxiliary == "rather":
        return _negation(Kind.REFUSAL, following)
    if auxiliary == "do" and not SUBJECTS.intersection(before):
        return _negation(Kind.REFUSAL, following)
    if auxiliary == "did" and _FIRST_PERSON.intersection(before):
        return _negation(Kind.DENIAL, following)
    return _negation(Kind.FACT, following)


def _is_rhetorical(clause: Clause, place: int) -> bool:
    """ "Can't I pay later?", "why isn't it working" and the like ask as if nothing was negated."""
    words = clause.words
    if clause.question_word == "why":
        return True
    starts = place == 1 and words[0] in AUXILIARIES
    return starts and bool(SUBJECTS.intersection(words[place + 1 : place + 2]))


def _no_longer(following: tuple[str, ...]) -> Negation | None:
    if _WANTING.intersection(following[:1]):
        return _negation(Kind.REFUSAL, following[1:])
    kind = Kind.LACK if _LACKING.intersection(following[:1]) else Kind.FACT
    return _negation(kind, following)


def _fact(following: tuple[str, ...], *, subject: tuple[str, ...]) -> Negation | None:
    if _WANTING.intersection(following[:1]):
        return _negation(Kind.REFUSAL, following[1:])
    if not subject:
        return _negation(Kind.REFUSAL, following)
    return _negation(Kind.FACT, following)


def _negation(kind: Kind, scope: tuple[str, ...]) -> Negation | None:
    for place, word in enumerate(scope):
        if word not in _FILLERS and scope[place : place + 2] != ("have", "to"):
            stems = frozenset(map(stem, scope[place:]))
            of_thing = bool(_DETERMINERS.intersection(scope[:place]))
            return Negation(kind, stem(word), stems, of_thing)
    return None
