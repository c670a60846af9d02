"""Split a message into sentences, and recognise questions. Pure: standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.text.tokens import GLUE

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
_REQUEST = re.compile(
    r"^(?:(?:and|also|but|or|so|then|just)[\s,:]+)*"
    r"(?:i (?:want|need|would like|'d like)|i'd like|i(?:'m| am) (?:trying|looking)"
    r"|(?:help|remind|tell) (?:me|us)"
    r"|(?:activate|add|cancel|connect|convert|create|deactivate|delete|disable|download|enable|enter"
    r"|explain|find|get|give|let|locate|make|play|put|redirect|remove|repeat|replace|reset|schedule"
    r"|send|show|unblock|unlock|unsubscribe|upload|verify|write) \w+"
    r"|(?:block|book|buy|change|check|close|email|exchange|fix|keep|list|move|open|order|pay"
    r"|print|refund|rename|return|search|set|ship|start|stop|swap|switch|track|turn|update|use)"
    r" (?:a|an|the|my|our|me|us|it|this|that|these|those|all|any|some|one|up|on|off|from))\b",
    re.IGNORECASE,
)
"""A wish in the first person, or an imperative."""

_LINK = re.compile(
    r"^(?:(?:and|also|but|or|so|plus|secondly|second|another question|one more thing)[\s,:]+)+",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")

MIN_WORDS = 2
"""Of a question: "Why?" and "Really?" alone ask nothing."""

MAX_QUESTIONS = 5
"""A message with more is left to a person."""

MAX_STATEMENTS = 8


@dataclass(frozen=True)
class Sentence:
    """``asks``: it is a question, by its first words or its question mark."""

    text: str
    asks: bool


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of ``text`` as ``strip_pleasantries`` leaves it, in order.

    A condition and its main clause are one sentence: "if it is late, can I cancel it?".
    """
    parts: list[Sentence] = []
    start = first = 0
    for gap in [*_BREAK.finditer(text), None]:
        end = gap.start() if gap else len(text)
        part = text[start:end].strip()
        if gap and _belongs_together(part, gap.group()):
            continue
        if part:
            sentence = _sentence(part)
            if parts and sentence.asks and _refers_back(part):
                parts[-1] = Sentence(text[first:end].strip(), asks=True)
            else:
                parts.append(sentence)
                first = start
        start = gap.end() if gap else end
    return tuple(parts)


def to_decide(text: str) -> tuple[Sentence, ...]:
    """The sentences of a message to decide separately, without duplicates.

    These are its questions; if it has none, its requests; else its last statements. Empty for a
    message of one sentence.
    """
    distinct = {sentence.text.casefold(): sentence for sentence in sentences(text)}
    if len(distinct) < 2:
        return ()
    questions = tuple(sentence for sentence in distinct.values() if sentence.asks)
    if questions:
        return questions if len(questions) <= MAX_QUESTIONS else ()
    requests = tuple(
        Sentence(sentence.text, asks=True)
        for sentence in distinct.values()
        if _REQUEST.search(sentence.text)
    )
    if 0 < len(requests) <= MAX_QUESTIONS:
        return requests
    return tuple(distinct.values())[-MAX_STATEMENTS:]


def _belongs_together(part: str, gap: str) -> bool:
    if _ABBREVIATION.search(part) or _LINK.sub("", f"{part} ") == "":
        return True
    return gap.startswith(",") and bool(_CONDITION.match(part))


def _refers_back(question: str) -> bool:
    """Whether a question has no content word, such as "How do I do that?"."""
    return all(word.lower() in GLUE for word in _WORD.findall(question))


def _sentence(text: str) -> Sentence:
    plain = _LINK.sub("", text)
    asks = bool(_ASKS.search(text)) and len(_WORD.findall(plain)) >= MIN_WORDS
    # Phrasings have no full stop, and in a short text it lowers the similarity.
    return Sentence((plain if asks else plain.rstrip(" .!")) or text, asks)
