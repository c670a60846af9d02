"""The sentences of a message, and which of them ask. Pure: standard library only."""

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
"""Of a question: "Why?" and "Really?" ask nothing by themselves."""

MOST_QUESTIONS = 5
"""Of more it is a letter, for a person."""

MOST_STATEMENTS = 8


@dataclass(frozen=True)
class Sentence:
    """``asks``: it is a question, by its first word or its mark."""

    text: str
    asks: bool


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of ``text`` as ``strip_pleasantries`` leaves it, in order.

    What follows a condition stays with it: "if it is late, can I cancel it?" is one.
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
    """The sentences of a message that are decided about by themselves.

    Its questions if it asks any, else the last statements; each once. Empty where the message is
    one sentence, which the whole stands for.
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
    # A full stop moves a short text away from phrasings, which have none.
    return Sentence((plain if asks else plain.rstrip(" .!")) or text, asks)
