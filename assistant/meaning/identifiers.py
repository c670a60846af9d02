"""Numbers, codes, years and single letters that differ between a question and an FAQ.

"What does error 4033 mean?" and "What does error 4031 mean?" have a similarity of 0.96, and are
different questions.

Pure: standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from assistant.text.word_lists import word_set


class Kind(Enum):
    YEAR = "year"
    LETTER = "letter"
    CODE = "code"
    """Letters and digits together, or a number of at least three digits."""
    NUMBER = "number"
    MEASURE = "measure"
    """A number with its unit, such as "30 days" or "20 euros"."""


@dataclass(frozen=True)
class Identifier:
    """``value`` has one form for all spellings ("two" is "2"). ``beside``: the noun it belongs to,
    which is before it ("tier 2"), or after it for a measure; empty if there is none."""

    kind: Kind
    value: str
    beside: str


_TOKEN = re.compile(
    r"[$\u20ac\u00a3]?\d[\d.,]*\d%?|[$\u20ac\u00a3]?\d%?|[^\W\d_]+(?:['-][^\W\d_]+)*"
)
_MIXED = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[^\W\d_])[^\W_]+(?:-[^\W_]+){0,4}(?![\w-])")
_SEPARATOR = re.compile(r"[.,](?=\d{3}(?!\d))")

_SMALL_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_SMALL_NUMBERS.split())}
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_ORDINALS = {"1st": "1", "2nd": "2", "3rd": "3", "first": "1", "second": "2", "third": "3"}

_UNITS = word_set(
    """
    day days week weeks month months hour hours minute minutes min mins second seconds year
    years euro euros eur dollar dollars usd pound pounds gbp percent gb mb tb kg g km m cm mm
    mile miles item items piece pieces user users person people time times
    """
)
_CLOCK = word_set("am pm a.m p.m o'clock oclock")
_MONTHS = word_set(
    """
    january february march april may june july august september october november december jan
    feb mar apr jun jul aug sep sept oct nov dec
    """
)
_NAMED = word_set(
    """
    plan tier level error code version model type class zone step part phase size grade room
    form section article chapter edition series option package generation gen line gate group
    band category stage unit module windows ios android no number nr bracket schedule vitamin
    """
)
"""Nouns that a number word or a letter belongs to."""

_SMALL_WORDS = word_set("the a an for of in with is to my and or on at by from no number nr")
YEAR = re.compile(r"(?:19|20)\d\d")
LONG_NUMBER = 3


@lru_cache(maxsize=4096)
def identifiers(text: str) -> tuple[Identifier, ...]:
    """The identifiers of a text, in order, without times of day and days of a month: these say
    when something happened, not what the question is about."""
    mixed = [
        Identifier(Kind.CODE, match.group().lower().replace("-", ""), "")
        for match in _MIXED.finditer(text)
        if match.group().lower() not in _ORDINALS and not _is_measure(match.group())
    ]
    tokens = _TOKEN.findall(_MIXED.sub(_keep_measure, text))
    lower = [token.lower() for token in tokens]
    plain = [
        identifier
        for place in range(len(tokens))
        if (identifier := _identifier(tokens, lower, place))
    ]
    return (*mixed, *plain)


def _identifier(tokens: list[str], lower: list[str], place: int) -> Identifier | None:
    word, before = lower[place], lower[place - 1] if place else ""
    after = lower[place + 1] if place + 1 < len(lower) else ""
    beside = _beside(lower, place)
    if word.strip("$\u20ac\u00a3%")[:1].isdigit():
        if after in _CLOCK or after in _MONTHS or before in _MONTHS:
            return None
        value = _SEPARATOR.sub("", word.strip("$\u20ac\u00a3%"))
        if after in _UNITS or word[-1] == "%" or not word[0].isdigit():
            return Identifier(
                Kind.MEASURE, value, after if after in _UNITS else word.strip("0123456789.,")
            )
        if YEAR.fullmatch(value):
            return Identifier(Kind.YEAR, value, beside)
        long = len(value) >= LONG_NUMBER
        return Identifier(Kind.CODE if long else Kind.NUMBER, value, beside)
    if word in _NUMBER_WORDS and beside in _NAMED:
        return Identifier(Kind.NUMBER, _NUMBER_WORDS[word], beside)
    if word in _NUMBER_WORDS and after in _UNITS and word != "one":
        return Identifier(Kind.MEASURE, _NUMBER_WORDS[word], after)
    if word in _ROMAN and tokens[place].isupper():
        return Identifier(Kind.NUMBER, _ROMAN[word], beside)
    if len(word) == 1 and word.isalpha() and _is_letter(tokens, lower, place):
        return Identifier(Kind.LETTER, word, beside)
    return None


def _is_letter(tokens: list[str], lower: list[str], place: int) -> bool:
    """Whether a single letter is a name, and not a word or part of one."""
    before = lower[place - 1] if place else ""
    if before in _NAMED:
        return True
    last = place == len(tokens) - 1
    if lower[place] in ("a", "i"):
        return last and tokens[place].isupper() and place > 0
    return tokens[place].isupper() and (place > 0 or last)


def _beside(lower: list[str], place: int) -> str:
    """The nearest word before that is not in ``_SMALL_WORDS``."""
    for word in reversed(lower[:place]):
        if word not in _SMALL_WORDS:
            return word
    return ""


def _is_measure(token: str) -> bool:
    """Whether a token such as "30days" or "10gb" is a number with its unit."""
    unit = token.lstrip("0123456789.,").lower()
    return unit in _UNITS or unit in _CLOCK


def _keep_measure(match: re.Match[str]) -> str:
    token = match.group()
    if not _is_measure(token):
        return " "
    digits = token.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.")
    return f"{digits} {token[len(digits) :]}"


def missing(question: str, phrasings: Iterable[str]) -> str:
    """The first identifier of the question for which the FAQ has only different values in the same
    place; empty if there is none.

    ``phrasings``: all phrasings of the FAQ. A measure with several values in them is an example,
    and not compared.
    """
    own = identifiers(question)
    if not own:
        return ""
    curated = [identifier for phrasing in phrasings for identifier in identifiers(phrasing)]
    values = {_value(identifier) for identifier in curated}
    if not curated or any(_value(identifier) in values for identifier in own):
        return ""
    for mine in own:
        rivals = {identifier.value for identifier in curated if is_same_place(mine, identifier)}
        if rivals and not (mine.kind is Kind.MEASURE and len(rivals) > 1):
            return mine.value
    return ""


def _value(identifier: Identifier) -> tuple[bool, str]:
    return identifier.kind is Kind.MEASURE, identifier.value


def is_same_place(one: Identifier, other: Identifier) -> bool:
    """Whether two texts that differ in these two say different things about one thing."""
    if Kind.MEASURE in (one.kind, other.kind):
        return one.kind is other.kind and one.beside.rstrip("s") == other.beside.rstrip("s")
    if one.beside and one.beside == other.beside:
        return True
    if one.kind is other.kind:
        return one.kind is not Kind.NUMBER or not (one.beside and other.beside)
    return False
