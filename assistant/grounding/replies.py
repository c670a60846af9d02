"""Check that a model's text is grounded in the FAQs that this run returned.

Pure: standard library only. The model is not trusted: each of its sentences is compared with single
sentences of the FAQs it cites, and the whole with the question. Anything else is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.grounding.grounds import Grounds
from assistant.grounding.sentences import Statement, check_sentence, sources_of
from assistant.text import tokens
from faq.content import Content

MAX_ANSWER_LENGTH = 4000
"""Characters; the same as for a question."""

MIN_RELEVANCE = 0.45
"""Cosine of the question with what the answer rests on, or with the answer, -1..1. Below it a true
sentence is about something else. Tuned on ``tests/cases/grounding_sentences.csv``."""

PHRASINGS = 10
"""Of a cited FAQ, compared with the question."""

Relevance = Callable[[Sequence[str]], float]
"""The greatest cosine of the question with any of these texts, -1..1."""


REPAIRABLE = frozenset(
    {Grounds.FOREIGN_NUMBER, Grounds.FOREIGN_WORDS, Grounds.CONTRADICTS, Grounds.MIXED}
)
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
    relevance: Relevance,
) -> Verdict:
    """Check the reply of a completed run, sentence by sentence.

    ``reply``: the model's output, of any type; ``citing``: the FAQ ids it names; ``returned``: the
    ids shown to it in this run; ``visible``: the FAQs the caller may see. Sentences that state
    nothing ("Yes, you can.") are left out of the text.
    """
    text = plain_text(reply) if isinstance(reply, str) else ""
    if not text:
        return Verdict(Grounds.NO_TEXT)
    if len(text) > MAX_ANSWER_LENGTH:
        return Verdict(Grounds.TOO_LONG)

    grounds, cited = check_citations(citing, returned=returned, visible=visible)
    if grounds is not Grounds.GROUNDED:
        return Verdict(grounds)
    contents = [visible[faq_id] for faq_id in cited]
    sources = [source for content in contents for source in sources_of(content)]
    statements = []
    for sentence in tokens.sentences(_without_numbering(text)):
        support, _ = check_sentence(Statement(tokens.plain(sentence)), sources)
        if support is Grounds.GROUNDED:
            statements.append(sentence)
        elif support is Grounds.NO_STATEMENT:
            text = text.replace(sentence, "", 1).strip()
        else:
            return Verdict(support, cited=cited)
    if not statements:
        return Verdict(Grounds.FOREIGN_WORDS, cited=cited)
    if not is_relevant(contents, relevance, statements):
        return Verdict(Grounds.IRRELEVANT, cited=cited)
    return Verdict(Grounds.GROUNDED, text, cited)


def is_relevant(
    contents: Iterable[Content], relevance: Relevance, statements: Sequence[str] = ()
) -> bool:
    """Whether an answer of these ``statements`` from these FAQs is about the question."""
    texts = list(statements)
    for content in contents:
        texts += content.phrasings[:PHRASINGS]
        texts += [f"{content.question} {part}" for part in tokens.sentences(content.answer)]
    return relevance(texts) >= MIN_RELEVANCE


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


def _without_numbering(text: str) -> str:
    """Remove list numbers 1, 2, 3 at line starts; other numbers stay, they may be facts."""
    lines, next_number = [], 1
    for line in text.split("\n"):
        numbered = re.match(r"[ \t]{0,8}(\d{1,2})[.)][ \t]+", line)
        if numbered and int(numbered[1]) == next_number:
            line, next_number = line[numbered.end() :], next_number + 1
        lines.append(line)
    return "\n".join(lines)
