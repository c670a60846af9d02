"""Pairs of words that turn a request into its opposite. Pure: standard library only.

The list is short on purpose. Words with several meanings ("open", "right", "last") are in it only
as people use them about services, and particles ("on", "up") count only with their verbs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from assistant.text.clauses import Clause, stem
from assistant.text.word_lists import word_set

_PAIRS = """
    enable disable
    activate deactivate
    reactivate deactivate
    subscribe unsubscribe
    subscribed unsubscribe
    lock unlock
    block unblock
    install uninstall
    connect disconnect
    mute unmute
    follow unfollow
    freeze unfreeze
    increase decrease
    increase reduce
    raise lower
    upgrade downgrade
    upload download
    import export
    deposit withdraw
    show hide
    allow block
    right wrong
    damaged undamaged
    correct wrong
    early late
    early delay
    maximum minimum
    include exclude
    open close
    open delete
    start stop
    rise drop
    up drop
    create delete
    accept decline
    accept refuse
    accept reject
"""
PAIRS = tuple(
    (stem(one), stem(other)) for one, other in map(str.split, _PAIRS.strip().splitlines())
)
_PAIRED = frozenset(word for pair in PAIRS for word in pair)

_PARTICLES = {"on": "off", "off": "on", "up": "down", "down": "up", "in": "out", "out": "in"}
SWITCHING = word_set("turn turning turned switch switching switched power put set keep")
_MOVING = word_set("turn turning turned bring go goes went move scroll")
_ENTERING = word_set("sign signing signed log logging logged opt opting opted check")
_PARTICLE_VERBS = {
    "on": SWITCHING,
    "off": SWITCHING,
    "up": _MOVING,
    "down": _MOVING,
    "in": _ENTERING,
    "out": _ENTERING,
}
_RELATIONS = {"before": "after", "after": "before", "with": "without", "without": "with"}
"""Opposites only with the same noun or verb: "before ordering" and "after ordering"."""

_ADVERBIAL = {("right", word) for word in ("now", "away", "after", "before", "there", "here")}

_CONTRARIES = _PARTICLES | _RELATIONS
_DETERMINERS = word_set("the a an my your our this that any it i you we")

_BEING = word_set("is are am was were be been got get not")

Stem = tuple[str, bool]
"""A word's stem, and whether it names a state: "is blocked"."""

REACH = 6
"""Words between a verb and its particle: "turn the two-factor sign-in off"."""


def are_opposite(one: str, other: str) -> bool:
    """Whether two stems, such as "subscrib" and "unsubscrib", are a pair of the list."""
    return (one, other) in PAIRS or (other, one) in PAIRS or _CONTRARIES.get(one) == other


def opposite_in(typed: Sequence[Clause], curated: Sequence[Clause]) -> tuple[str, str] | None:
    """A word of the question and its opposite in the phrasing, as stems.

    If a text has both words of a pair, the first counts; the second describes the circumstances.
    """
    return (
        _opposite(_paired_stems(typed), _paired_stems(curated))
        or _contrary(_particles(typed), _particles(curated))
        or _contrary(_relations(typed), _relations(curated))
    )


def _opposite(mine: Sequence[Stem], theirs: Sequence[Stem]) -> tuple[str, str] | None:
    if not mine or not theirs:
        return None
    for one, other in PAIRS:
        first, second = _first(mine, one, other), _first(theirs, one, other)
        # "It is blocked" is not the opposite of "unblock it": one solves the other.
        if first and second and first[0] != second[0] and first[1] == second[1]:
            return first[0], second[0]
    return None


def _first(stems: Sequence[Stem], one: str, other: str) -> Stem | None:
    return next((candidate for candidate in stems if candidate[0] in (one, other)), None)


def _contrary(
    mine: Collection[tuple[str, str]], theirs: Collection[tuple[str, str]]
) -> tuple[str, str] | None:
    """``mine``, ``theirs``: words with the word they refer to: ("off", ""), ("before", "order")."""
    for word, about in sorted(mine):
        contrary = (_CONTRARIES[word], about)
        if contrary in theirs and contrary not in mine and (word, about) not in theirs:
            return word, contrary[0]
    return None


def _paired_stems(texts: Sequence[Clause]) -> list[Stem]:
    """The stems of the words that have an opposite."""
    return [
        (stem(word), word.endswith("ed") and bool(_BEING.intersection(before)))
        for clause in texts
        for before, word, following in _with_neighbours(clause.words)
        if stem(word) in _PAIRED and (word, following) not in _ADVERBIAL
    ]


def _with_neighbours(words: Sequence[str]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Each word with the two before it and the one after."""
    for place, word in enumerate(words):
        after = words[place + 1] if place + 1 < len(words) else ""
        yield tuple(words[max(0, place - 2) : place]), word, after


def _particles(texts: Sequence[Clause]) -> set[tuple[str, str]]:
    """The particles that follow one of their verbs."""
    return {
        (word, "")
        for clause in texts
        for place, word in enumerate(clause.words)
        if word in _PARTICLES
        and _PARTICLE_VERBS[word].intersection(clause.words[max(0, place - REACH) : place])
    }


def _relations(texts: Sequence[Clause]) -> set[tuple[str, str]]:
    relations = set()
    for clause in texts:
        for place, word in enumerate(clause.words):
            if word in _RELATIONS:
                about = (w for w in clause.words[place + 1 :] if w not in _DETERMINERS)
                relations.add((word, stem(next(about, ""))))
    return relations
