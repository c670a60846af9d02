"""Check that a model's text is grounded in the FAQs that this run returned.

Pure: standard library only. The model is not trusted: its words, numbers, phones and addresses are
compared with those of the FAQs it cites. A text with anything else is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from assistant.text import tokens
from faq.content import Content

LONGEST_ANSWER = 4000
"""Characters; the same as for a question."""

SOURCE_OVERLAP = 0.6
"""A sentence with this proportion of another's content words, 0..1, counts as its source."""


class Grounds(StrEnum):
    """Why a text is shown or withheld."""

    GROUNDED = "grounded"

    NO_TEXT = "no_text"
    TOO_LONG = "too_long"
    NO_CITATION = "no_citation"
    UNKNOWN_CITATION = "unknown_citation"
    """Cites an FAQ that this run did not return, or that the caller may not see."""
    FOREIGN_ADDRESS = "foreign_address"
    """A URL, domain or e-mail address that no cited FAQ has."""
    FOREIGN_PHONE = "foreign_phone"
    FOREIGN_NUMBER = "foreign_number"
    FOREIGN_WORDS = "foreign_words"
    """Too few of its content words occur in the cited FAQs."""
    CONTRADICTS = "turned_round"
    """It negates what a cited FAQ states, or states what an FAQ negates."""


REPAIRABLE = frozenset({Grounds.FOREIGN_NUMBER, Grounds.FOREIGN_WORDS, Grounds.CONTRADICTS})
"""The cited FAQs may still be right: they can be offered as options."""


@dataclass(frozen=True)
class Verdict:
    """``text`` may be shown; None unless grounded. ``cited``: the valid citations, in order."""

    grounds: Grounds
    text: str | None = None
    cited: tuple[str, ...] = ()


def check_grounding(
    reply: object,
    *,
    citing: Iterable[str],
    returned: Collection[str],
    visible: Mapping[str, Content],
    min_overlap: float = 1.0,
) -> Verdict:
    """Check the reply of a completed run.

    ``reply``: the model's output, of any type; ``citing``: the FAQ ids it names; ``returned``: the
    ids shown to it in this run; ``visible``: the FAQs the caller may see; ``min_overlap``, 0..1:
    the proportion of content words that must occur in the cited FAQs.
    """
    text = plain_text(reply) if isinstance(reply, str) else ""
    if not text:
        return Verdict(Grounds.NO_TEXT)
    if len(text) > LONGEST_ANSWER:
        return Verdict(Grounds.TOO_LONG)

    grounds, cited = check_citations(citing, returned=returned, visible=visible)
    if grounds is not Grounds.GROUNDED:
        return Verdict(grounds)
    sources = [f"{visible[faq_id].question}\n{visible[faq_id].answer}" for faq_id in cited]
    compared = tokens.plain(_without_numbering(text))
    grounds = _compare(compared, tokens.plain("\n".join(sources)), min_overlap)
    return Verdict(grounds, text if grounds is Grounds.GROUNDED else None, cited)


def check_citations(
    citing: Iterable[str], *, returned: Collection[str], visible: Mapping[str, Content]
) -> tuple[Grounds, tuple[str, ...]]:
    """``GROUNDED`` and the ids if each cited FAQ was returned in this run and is visible."""
    cited = tuple(dict.fromkeys(citing))
    if not cited:
        return Grounds.NO_CITATION, ()
    if any(faq_id not in returned or faq_id not in visible for faq_id in cited):
        return Grounds.UNKNOWN_CITATION, ()
    return Grounds.GROUNDED, cited


def plain_text(text: str) -> str:
    """The text without invisible characters and without Markdown emphasis, code and headings."""
    text = tokens.visible(text)
    text = re.sub(r"\*\*|__|`{1,3}", "", text)
    text = re.sub(r"(?m)^[ \t]{0,8}(?:#{1,6}|[*•])[ \t]+", "", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def is_grounded(text: str, sources: Iterable[str]) -> bool:
    """True if every address, content word and number of ``text`` occurs in the sources."""
    source = tokens.plain("\n".join(sources))
    reply = tokens.plain(text)
    if set(tokens.addresses(reply)) - set(tokens.addresses(source)):
        return False
    source_tokens = {*tokens.content_words(source), *tokens.numbers(source)}
    return source_tokens.issuperset([*tokens.content_words(reply), *tokens.numbers(reply)])


def _compare(reply: str, source: str, min_overlap: float) -> Grounds:
    if set(tokens.addresses(reply)) - set(tokens.addresses(source)):
        return Grounds.FOREIGN_ADDRESS
    # Phones are numbers of a certain length; the source may group the digits differently.
    if set(tokens.phones(reply)) - set(tokens.phones(source)):
        return Grounds.FOREIGN_PHONE
    content = tokens.content_words(reply)
    if not (content or tokens.numbers(reply)):
        # Only function words: a text that states nothing has no source.
        return Grounds.FOREIGN_WORDS
    if _has_foreign_numbers(reply, source):
        return Grounds.FOREIGN_NUMBER
    if _overlap(content, set(tokens.content_words(source))) < min_overlap:
        return Grounds.FOREIGN_WORDS
    if _contradicts(reply, source):
        return Grounds.CONTRADICTS
    return Grounds.GROUNDED


def _without_numbering(text: str) -> str:
    """Remove list numbers 1, 2, 3 at line starts; other numbers stay, they may be facts."""
    lines, next_number = [], 1
    for line in text.split("\n"):
        numbered = re.match(r"[ \t]{0,8}(\d{1,2})[.)][ \t]+", line)
        if numbered and int(numbered[1]) == next_number:
            line, next_number = line[numbered.end() :], next_number + 1
        lines.append(line)
    return "\n".join(lines)


def _has_foreign_numbers(reply: str, source: str) -> bool:
    source_numbers = set(tokens.numbers(source))
    # "30" may stand for "$30", but not the reverse.
    source_numbers |= {number.strip("$€£₹%") for number in source_numbers}
    spelled_out = tokens.counted(reply) - tokens.counted(source)
    return bool(set(tokens.numbers(reply)) - source_numbers or spelled_out)


def _overlap(words: list[str], source_words: set[str]) -> float:
    if not words:
        return 1.0
    return sum(word in source_words for word in words) / len(words)


def _contradicts(reply: str, source: str) -> bool:
    """Compare each sentence with the most similar sentences of the source.

    A negative sentence needs a similar negative one; a positive sentence must not be most similar
    to a negative one.
    """
    source_sentences = [
        (tokens.is_negative(part), _statement(part)) for part in tokens.sentences(source)
    ]
    for sentence in tokens.sentences(reply):
        words, is_negative = _statement(sentence), tokens.is_negative(sentence)
        if not words:
            continue
        overlap = {True: 0.0, False: 0.0}
        for source_is_negative, source_words in source_sentences:
            overlap[source_is_negative] = max(
                overlap[source_is_negative], len(words & source_words) / len(words)
            )
        same, opposite = overlap[is_negative], overlap[not is_negative]
        if is_negative and same < SOURCE_OVERLAP:
            return True
        if not is_negative and opposite >= SOURCE_OVERLAP and opposite > same:
            return True
    return False


def _statement(sentence: str) -> set[str]:
    return set(tokens.content_words(sentence)) - tokens.NEGATIONS
