"""Extract words, numbers and addresses of a text, in a form for comparison.

Pure: standard library only. Every pattern is bounded, so that the time is linear in the length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_INVISIBLE = {"Cc", "Cf", "Co", "Cn", "Cs"}
_BLANKS = {"\n", "\t"}

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_NUMBER = re.compile(r"[$€£₹]?\d{1,30}(?:[.,]\d{1,30}){0,10}%?")
_SENTENCE_END = re.compile(r"(?<=[.!?…۔])\s+|\n+|;\s+")

_SCHEME = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}:(?://|(?=[^\s\d]))[^\s<>\"]{1,2000}")
_DOMAIN = re.compile(
    r"(?<![\w@.-])(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w.-]*@)(?:[/:?#][^\s<>\"]*)?"
)
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
_PHONE = re.compile(r"\+?\d(?:[ ().\-/]{0,3}\d){6,18}")

_SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
_SMALL += " fifteen sixteen seventeen eighteen nineteen"
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_SMALL.split())}
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety hundred"
_NUMBER_WORDS |= {word: str(20 + 10 * place) for place, word in enumerate(_TENS.split())}
_NUMBER_WORDS |= {"thousand": "1000", "million": "1000000", "dozen": "12", "half": "0.5"}
# "One of them" is not a number.
del _NUMBER_WORDS["one"]

_GLUE = """
    a about above after again all already also always am an and another any anyone anything are as
    at be because been before being below between both but by can could did do does doing done
    during each either else etc even ever every everything few first follow following for from
    further get getting go going had has have having he help her here hers him his how however i if
    in instead into is it its itself just kindly like me might more most much must my
    need needs of on once one or other others our ours out over own please same second several
    shall she should simply since so some someone something sorry step steps still such sure than
    thank thanks that the their theirs them then there these they thing things this those through
    to together too under until up us use used using via want was way we well were what when where
    whether which while who whom whose why will with would yes yet you your yours yourself
    click press tap select choose open find see visit below above next then
    i'm i've it's that's there's they're they've we'll we're we've what's you'd you'll you're you've
    let's here's
"""
GLUE = frozenset(_GLUE.split())
"""English words without content; an answer may always use them."""

_NEGATIONS = """
    no not never none nobody nothing nor neither without cannot except unless only
    aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't mustn't needn't shouldn't
    wasn't weren't won't wouldn't
"""
NEGATIONS = frozenset(_NEGATIONS.split())
"""English words that negate a sentence."""


def visible(text: str) -> str:
    """The text without control, formatting and unassigned characters, but with line breaks.

    Compatibility characters are folded (NFKC), so that look-alike digits and letters are equal.
    """
    folded = unicodedata.normalize("NFKC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character
        for character in folded
        if character in _BLANKS or unicodedata.category(character) not in _INVISIBLE
    )


def plain(text: str) -> str:
    """``visible`` text with one kind of apostrophe, casefolded: the input of the functions
    below."""
    return visible(text).replace("\u2019", "'").replace("\u2018", "'").casefold()


def stem(word: str) -> str:
    """The word without English inflection: "ships", "shipped" and "shipping" have one stem.

    Simple, since both texts of a comparison get it; words of other languages hardly change.
    """
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s", "ly"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    word = word.removesuffix("e") if len(word) > 3 else word
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def words(text: str) -> list[str]:
    """Every word of a ``plain`` text, in order."""
    return _WORD.findall(text)


def content_words(text: str) -> list[str]:
    """The stems of the words of a ``plain`` text that are not in ``GLUE``, in order."""
    return [stem(word) for word in words(text) if word not in GLUE and word not in _NUMBER_WORDS]


def numbers(text: str) -> list[str]:
    """Every number of a ``plain`` text in digits, with its currency or per cent sign.

    Digits of any script and English number words count. Separators of thousands are removed.
    """
    digits = [_canonical(number) for number in _NUMBER.findall(_ascii_digits(text))]
    spelled = [_NUMBER_WORDS[word] for word in words(text) if word in _NUMBER_WORDS]
    return digits + spelled


def counted(text: str) -> set[tuple[str, str]]:
    """Each number of a ``plain`` text with the stem of the word after it: ("30", "day")."""
    text = _ascii_digits(text)
    pairs = set()
    for number in _NUMBER.finditer(text):
        following = _WORD.match(text, _after_blanks(text, number.end()))
        if following and following[0] not in GLUE:
            pairs.add((_canonical(number[0]).strip("$€£₹%"), stem(following[0])))
    return pairs


def addresses(text: str) -> list[str]:
    """URLs, bare domains and e-mail addresses in a ``plain`` text."""
    addresses = [*_SCHEME.findall(text), *_EMAIL.findall(text), *_DOMAIN.findall(text)]
    return [address.rstrip(".,;:!?)]}'") for address in addresses]


def phones(text: str) -> list[str]:
    """The digits of each part of a ``plain`` text that may be a phone number."""
    return [re.sub(r"\D", "", number) for number in _PHONE.findall(_ascii_digits(text))]


def sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]


def is_negative(text: str) -> bool:
    return any(word in NEGATIONS for word in words(text))


def _canonical(number: str) -> str:
    bare = number.rstrip(".,")
    groups = bare.strip("$€£₹%").split(",")
    if len(groups) > 1 and all(len(group) == 3 for group in groups[1:]):
        return bare.replace(",", "")
    return bare


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " -\u00a0":
        at += 1
    return at


def _ascii_digits(text: str) -> str:
    return "".join(_digits(text))


def _digits(text: str) -> Iterator[str]:
    for character in text:
        value = None if character.isascii() else unicodedata.decimal(character, None)
        yield character if value is None else str(value)
