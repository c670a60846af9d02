"""Split a message into sentences, and recognise questions. Pure: standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BREAK = re.compile(
    r"(?<=[.!?])\s+|\n|;\s"
    r"|,?\s(?:and also|and then|plus|and another (?:thing|question)[,:]?)\s"
    r"|,?\sand\s(?=(?:how|what|what's|where|where's|when|why|who|which"
    r"|can|could|do|does|is|are|will)\b)"
    r"|,\s(?=(?:(?:so|but|and)\s)?(?:how (?:do|can|much|many|long|often)|where (?:do|can|is|are)"
    r"|when (?:will|do|does|can|is)|what (?:is|are|do|does|should)"
    r"|(?:can|could|do|will) (?:i|you))\b)",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|st|no|nr|vs|e\.g|i\.e|etc|approx)|\b[a-z])\.$", re.I
)
_CONDITION = re.compile(
    r"(?:if|when|whenever|once|since|because|as|after|before|unless|while)\b", re.I
)
_ASKS = re.compile(
    r"\?$"
    r"|^(?:(?:and|also|but|or|so|secondly|second|another question|one more thing)[\s,:]+)*"
    r"(?:how|what|what's|where|where's|wheres|when|when's|why|who|who's|which|whose"
    r"|can|could|do|does|did|is|are|am|was|will|would|should|may|have|has"
    r"|please|tell me|i (?:want|need|would like|'d like) to know|i wonder)\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"^(?:(?:and|also|but|or|so|plus|secondly|second|another question|one more thing)[\s,:]+)+",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")

FEWEST_WORDS = 2
"""Of a question: "Why?" and "Really?" alone ask nothing."""

MOST_QUESTIONS = 5
"""A message with more is left to a person."""

MOST_STATEMENTS = 8


@dataclass(frozen=True)
class Sentence:
    """``asks``: it is a question, by its first words or its question mark."""

    text: str
    asks: bool


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of ``text`` as ``strip_pleasantries`` leaves it, in order.

    A condition and its main clause are one sentence: "if it is late, can I cancel it?".
    """
    parts: list[str] = []
    start = 0
    for gap in [*_BREAK.finditer(text), None]:
        end = gap.start() if gap else len(text)
        part = text[start:end].strip()
        if gap and _belongs_together(part, gap.group()):
            continue
        if part:
            parts.append(part)
        start = gap.end() if gap else end
    return tuple(_sentence(part) for part in parts)


def to_decide(text: str) -> tuple[Sentence, ...]:
    """The sentences of a message to decide separately, without duplicates.

    These are its questions, or if it has none, its last statements. Empty for a message of one
    sentence.
    """
    distinct = {sentence.text.casefold(): sentence for sentence in sentences(text)}
    if len(distinct) < 2:
        return ()
    questions = tuple(sentence for sentence in distinct.values() if sentence.asks)
    if questions:
        return questions if len(questions) <= MOST_QUESTIONS else ()
    return tuple(distinct.values())[-MOST_STATEMENTS:]


def _belongs_together(part: str, gap: str) -> bool:
    if _ABBREVIATION.search(part) or _LINK.sub("", f"{part} ") == "":
        return True
    return gap.startswith(",") and bool(_CONDITION.match(part))


def _sentence(text: str) -> Sentence:
    plain = _LINK.sub("", text)
    asks = bool(_ASKS.search(text)) and len(_WORD.findall(plain)) >= FEWEST_WORDS
    # Phrasings have no full stop, and in a short text it lowers the similarity.
    return Sentence((plain if asks else plain.rstrip(" .!")) or text, asks)
