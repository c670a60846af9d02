"""What English clauses negate, and how.

Pure: standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from assistant.text.clauses import AUXILIARIES, SUBJECTS, Clause, clauses, stem
from assistant.text.word_lists import word_set


class Kind(Enum):
    REFUSAL = "refusal"
    """A person does not want it: "I don't want to cancel", "do not cancel", "no need to cancel"."""
    FACT = "fact"
    """It did not happen: "I was not charged"."""
    DENIAL = "denial"
    """The person did not do it: "I did not cancel my order"."""
    LACK = "lack"
    """It is missing or does not work: "I don't know how to sign in"."""
    INABILITY = "inability"
    """It is impossible, or a rhetorical question: "I can't sign in", "can't I pay"."""


@dataclass(frozen=True)
class Negation:
    """A negation in a clause: the ``head`` word, and all words from it on, as stems.

    ``of_thing``: the head is a noun ("I don't need an invoice").
    """

    kind: Kind
    head: str
    scope: frozenset[str]
    of_thing: bool = False


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
_FIRST_PERSON = frozenset({"i", "we"})


def negates(text: str) -> bool:
    """Whether an English text negates something."""
    return any(any(negations(clause)) for clause in clauses(text))


def negated_stems(texts: tuple[Clause, ...]) -> frozenset[str]:
    return frozenset(
        word
        for clause in texts
        for negation in negations(clause)
        for word in (*negation.scope, negation.head)
    )


def negations(clause: Clause) -> Iterator[Negation]:
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
    """The negation by the "not" at ``place``."""
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
    """Questions such as "can't I pay later?" and "why isn't it working" negate nothing."""
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
