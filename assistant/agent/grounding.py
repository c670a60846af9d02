"""May this text of a model be shown? Only if it stands on FAQs that this run returned.

Pure: standard library only. The model is not trusted: what it says is compared, word by word and
number by number, with the FAQs it cites. What is not found there is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from assistant.text import tokens
from faq.content import Content

LONGEST_ANSWER = 4000
"""Characters; as long as the longest question."""

ALIKE = 0.6
"""Share of a sentence's content words from which on another sentence is its source."""


class Grounds(StrEnum):
    """Why a text is shown, or is not."""

    GROUNDED = "grounded"

    NO_TEXT = "no_text"
    TOO_LONG = "too_long"
    NO_CITATION = "no_citation"
    UNKNOWN_CITATION = "unknown_citation"
    """Cites what was not returned in this run, or what the caller may not see."""
    FOREIGN_ADDRESS = "foreign_address"
    """A URL, domain or e-mail address that no cited FAQ has."""
    FOREIGN_PHONE = "foreign_phone"
    FOREIGN_NUMBER = "foreign_number"
    FOREIGN_WORDS = "foreign_words"
    """Too few of its content words are those of the cited FAQs."""
    CONTRADICTS = "turned_round"
    """It denies what a cited FAQ says, or the reverse."""


REPAIRABLE = frozenset({Grounds.FOREIGN_NUMBER, Grounds.FOREIGN_WORDS, Grounds.CONTRADICTS})
"""The FAQs cited may be the right ones all the same: they can be offered, in their own words."""


@dataclass(frozen=True)
class Verdict:
    """``text`` is what may be shown, None unless grounded. ``cited``: valid citations, in order."""

    grounds: Grounds
    text: str | None = None
    cited: tuple[str, ...] = ()


def judge(
    said: object,
    *,
    citing: Iterable[str],
    returned: Collection[str],
    visible: Mapping[str, Content],
    least_share: float = 1.0,
) -> Verdict:
    """Judge what a completed run said.

    ``said`` is whatever the model gave as its text; ``citing`` the FAQ ids it names; ``returned``
    the ids shown to it in this run; ``visible`` the FAQs the caller may see; ``least_share``, 0..1,
    how many of the content words must be those of the cited FAQs.
    """
    text = plain_text(said) if isinstance(said, str) else ""
    if not text:
        return Verdict(Grounds.NO_TEXT)
    if len(text) > LONGEST_ANSWER:
        return Verdict(Grounds.TOO_LONG)

    grounds, cited = judge_citations(citing, returned=returned, visible=visible)
    if grounds is not Grounds.GROUNDED:
        return Verdict(grounds)
    sources = [f"{visible[faq_id].question}\n{visible[faq_id].answer}" for faq_id in cited]
    compared = tokens.plain(_without_numbering(text))
    grounds = _compare(compared, tokens.plain("\n".join(sources)), least_share)
    return Verdict(grounds, text if grounds is Grounds.GROUNDED else None, cited)


def judge_citations(
    citing: Iterable[str], *, returned: Collection[str], visible: Mapping[str, Content]
) -> tuple[Grounds, tuple[str, ...]]:
    """Whether every FAQ cited was returned in this run and is visible; and there is one."""
    cited = tuple(dict.fromkeys(citing))
    if not cited:
        return Grounds.NO_CITATION, ()
    if any(faq_id not in returned or faq_id not in visible for faq_id in cited):
        return Grounds.UNKNOWN_CITATION, ()
    return Grounds.GROUNDED, cited


def plain_text(text: str) -> str:
    """Text a person reads: nothing invisible, no Markdown emphasis, code or headings."""
    text = tokens.visible(text)
    text = re.sub(r"\*\*|__|`{1,3}", "", text)
    text = re.sub(r"(?m)^[ \t]{0,8}(?:#{1,6}|[*•])[ \t]+", "", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def stands_on(text: str, sources: Iterable[str]) -> bool:
    """Whether every content word and number of ``text`` occurs in the sources."""
    source = tokens.plain("\n".join(sources))
    said = tokens.plain(text)
    if set(tokens.addresses(said)) - set(tokens.addresses(source)):
        return False
    known = {*tokens.content_words(source), *tokens.numbers(source)}
    return known.issuperset([*tokens.content_words(said), *tokens.numbers(said)])


def _compare(said: str, source: str, least_share: float) -> Grounds:
    if set(tokens.addresses(said)) - set(tokens.addresses(source)):
        return Grounds.FOREIGN_ADDRESS
    # Told apart from numbers by their length; the source may write one with other blanks.
    if set(tokens.phones(said)) - set(tokens.phones(source)):
        return Grounds.FOREIGN_PHONE
    content = tokens.content_words(said)
    if not (content or tokens.numbers(said)):
        # Nothing but glue: a text that states nothing stands on nothing.
        return Grounds.FOREIGN_WORDS
    if _foreign_numbers(said, source):
        return Grounds.FOREIGN_NUMBER
    if _share(content, set(tokens.content_words(source))) < least_share:
        return Grounds.FOREIGN_WORDS
    if _turned_round(said, source):
        return Grounds.CONTRADICTS
    return Grounds.GROUNDED


def _without_numbering(text: str) -> str:
    """Lines that are numbered 1, 2, 3 without those numbers; others stay, they may be facts."""
    lines, next_number = [], 1
    for line in text.split("\n"):
        found = re.match(r"[ \t]{0,8}(\d{1,2})[.)][ \t]+", line)
        if found and int(found[1]) == next_number:
            line, next_number = line[found.end() :], next_number + 1
        lines.append(line)
    return "\n".join(lines)


def _foreign_numbers(said: str, source: str) -> bool:
    known = set(tokens.numbers(source))
    # "30" may stand for "$30", but not the reverse.
    known |= {number.strip("$€£₹%") for number in known}
    spelled_out = tokens.counted(said) - tokens.counted(source)
    return bool(set(tokens.numbers(said)) - known or spelled_out)


def _share(said: list[str], known: set[str]) -> float:
    if not said:
        return 1.0
    return sum(word in known for word in said) / len(said)


def _turned_round(said: str, source: str) -> bool:
    """Compare each sentence with those of the source that are most like it.

    A denial needs one that denies the same; an assent may not be most like a denial.
    """
    stated = [(tokens.is_negative(part), _stated(part)) for part in tokens.sentences(source)]
    for sentence in tokens.sentences(said):
        own, denies = _stated(sentence), tokens.is_negative(sentence)
        if not own:
            continue
        alike = {True: 0.0, False: 0.0}
        for negative, other in stated:
            alike[negative] = max(alike[negative], len(own & other) / len(own))
        agree, differ = alike[denies], alike[not denies]
        if agree < ALIKE if denies else differ >= ALIKE and differ > agree:
            return True
    return False


def _stated(sentence: str) -> set[str]:
    return set(tokens.content_words(sentence)) - tokens.NEGATIONS
