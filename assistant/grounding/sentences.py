"""Whether one sentence of an FAQ supports one sentence of a model's reply.

Pure: standard library only. Numbers, addresses, names and negations must be the same; the words
must be those of the one sentence or of the FAQ's question, so that no true words of two sentences
make a false third one ("Express is free from 49 euros").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from assistant.grounding.grounds import Grounds
from assistant.text import tokens
from faq.content import Content

MIN_COMMON = 0.5
"""Proportion of a sentence's words and numbers that the source's sentence has, not only the FAQ's
question. Tuned, as all rules here, on ``tests/cases/grounding_sentences.csv``."""

_PART_END = re.compile(r",\s|;\s|\s[-–—]{1,2}\s|:\s|\s(?:and|or|but)\s")
_YES_OR_NO = re.compile(r"(?:yes\b[\s,.!:]*|(?:no|nope|sorry)[,.!:;][\s,.!:]*)")
_DENIAL = re.compile(r"(?:no|nope|sorry, no)\b")
_EXCEPTIONS = frozenset({"except", "unless", "only"})

_FRAMING = """
    accept accepted accepting allow allowed available cost costs offer offered possible wait write
    contact provide mean means call ask receive want answer question information include within
    inside during per
"""
FRAMING = frozenset(tokens.stem(word) for word in _FRAMING.split())
"""Stems of words with which a reply may introduce a fact that has no verb of its own."""

_RELATIONS = {
    "before": "before until till",
    "after": "after since",
    "outside": "outside beyond without except excluding",
    "above": "over above",
    "below": "under below",
}
_RELATION_OF = {word: name for name, words in _RELATIONS.items() for word in words.split()}


@dataclass(frozen=True)
class Statement:
    """One sentence in the form in which it is compared, see ``plain``."""

    text: str

    @cached_property
    def body(self) -> str:
        """Without a "yes" or "no" before it, which answers the question and is no negation."""
        return _YES_OR_NO.sub("", self.text, count=1) if _YES_OR_NO.match(self.text) else self.text

    @property
    def says_yes(self) -> bool:
        return self.text.startswith("yes")

    @property
    def says_no(self) -> bool:
        return self.body != self.text and not self.says_yes

    @cached_property
    def ordered(self) -> tuple[str, ...]:
        """Its ``facts``, in their order."""
        facts = []
        for token in re.findall(r"[^\W_]+(?:['.,][^\W_]+)*", self.body):
            statement = [*_words(token), *_numbers(token)]
            facts += [fact for fact in statement if fact in self.facts]
        return tuple(dict.fromkeys(facts))

    @cached_property
    def facts(self) -> frozenset[str]:
        """Stems of the words that state something, without negations; and the numbers."""
        return frozenset(_words(self.body)) | self.numbers

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(_numbers(self.body))

    @cached_property
    def parts(self) -> tuple[Statement, ...]:
        """The parts between commas and conjunctions that state something."""
        parts = (Statement(part) for part in _PART_END.split(self.body) if part)
        return tuple(part for part in parts if part.facts)

    @cached_property
    def relations(self) -> frozenset[tuple[str, str]]:
        """Such as ("before", "pack") of "before we start packing": the next fact after each."""
        pairs, relation = set(), ""
        for word in re.findall(r"[^\W_]+", self.body):
            fact = next((f for f in (*_words(word), *_numbers(word)) if f in self.facts), "")
            if word in _RELATION_OF:
                relation = _RELATION_OF[word]
            elif fact and relation:
                pairs.add((relation, fact))
                relation = ""
        return frozenset(pairs)


@dataclass(frozen=True)
class Source:
    """A sentence of an FAQ's answer, with the FAQ's question.

    ``denies``: the answer begins with a no, so that the question's words state the opposite.
    """

    question: Statement
    sentence: Statement
    denies: bool = False


def sources_of(content: Content) -> list[Source]:
    """A source for each sentence of an FAQ's answer."""
    answer = tokens.plain(content.answer)
    question, denies = Statement(tokens.plain(content.question)), bool(_DENIAL.match(answer))
    return [Source(question, Statement(sentence), denies) for sentence in tokens.sentences(answer)]


def check_sentence(sentence: Statement, sources: Iterable[Source]) -> tuple[Grounds, Source | None]:
    """``GROUNDED`` and the source; otherwise why the most similar source does not support it."""
    closest: tuple[int, Grounds] = (-1, Grounds.FOREIGN_WORDS)
    for source in sources:
        support = _check(sentence, source)
        if support is Grounds.GROUNDED:
            return support, source
        common = len(sentence.facts & source.sentence.facts)
        if common > closest[0]:
            closest = common, support
    return closest[1], None


def _check(sentence: Statement, source: Source) -> Grounds:
    source_text = f"{source.question.text}\n{source.sentence.text}"
    if set(tokens.addresses(sentence.text)) - set(tokens.addresses(source_text)):
        return Grounds.FOREIGN_ADDRESS
    if set(tokens.phones(sentence.text)) - set(tokens.phones(source_text)):
        return Grounds.FOREIGN_PHONE
    if sentence.facts <= FRAMING:
        return Grounds.NO_STATEMENT
    if _has_foreign_numbers(sentence, source):
        return Grounds.FOREIGN_NUMBER
    if _has_foreign_words(sentence, source):
        return Grounds.FOREIGN_WORDS
    if _contradicts(sentence, source.sentence) or _answers_otherwise(sentence, source):
        return Grounds.CONTRADICTS
    return Grounds.MIXED if _is_mixed(sentence, source.sentence) else Grounds.GROUNDED


def _has_foreign_numbers(sentence: Statement, source: Source) -> bool:
    if sentence.numbers - source.sentence.numbers:
        return True
    source_numbers = tokens.counted(source.sentence.text) | tokens.counted(source.question.text)
    return bool(tokens.counted(sentence.text) - source_numbers)


def _has_foreign_words(sentence: Statement, source: Source) -> bool:
    words = sentence.facts - FRAMING
    from_question = frozenset() if source.denies else source.question.facts
    if words - source.sentence.facts - from_question:
        return True
    return len(words & source.sentence.facts) < max(MIN_COMMON * len(words), 1)


def _contradicts(sentence: Statement, source: Statement) -> bool:
    """Compare negations with those of the parts that the sentence uses, and relations ("before")
    with those of the same words."""
    if _exceptions(sentence) != _exceptions(source) and _exceptions(sentence):
        return True
    used = [part for part in source.parts if part.facts & sentence.facts]
    if _negatives(sentence.parts) != _negatives(used):
        return True
    theirs = {pair for pair in source.relations if pair[1] in sentence.facts}
    return theirs != {pair for pair in sentence.relations if pair[1] in source.facts}


def _answers_otherwise(sentence: Statement, source: Source) -> bool:
    """Whether it begins with a yes or a no that the source does not mean."""
    negative = tokens.is_negative(source.sentence.body)
    if sentence.says_yes:
        return negative
    return sentence.says_no and not (negative or source.denies)


def _negatives(parts: Iterable[Statement]) -> int:
    return sum(tokens.is_negative(part.body) for part in parts)


def _exceptions(statement: Statement) -> frozenset[str]:
    return _EXCEPTIONS.intersection(tokens.words(statement.body))


def _is_mixed(sentence: Statement, source: Statement) -> bool:
    """Whether a part of the source is used without its first word, next to another part.

    "Stoneware from Portugal, linen from Lithuania" says nothing of stoneware from Lithuania.
    """
    parts_with = Counter(fact for part in source.parts for fact in part.facts)
    own = [[fact for fact in part.ordered if parts_with[fact] == 1] for part in source.parts]
    used = [facts for facts in own if sentence.facts.intersection(facts)]
    if len(used) < 2:
        return False
    return any(
        place > 0 and not sentence.numbers.issuperset(fact for fact in facts if fact.isdigit())
        if facts[0].isdigit()
        else facts[0] not in sentence.facts
        for place, facts in enumerate(used)
    )


def _words(text: str) -> list[str]:
    """Stems without negations; "payment" counts as "pay"."""
    words = [word for word in tokens.words(text) if word not in tokens.NEGATIONS]
    stems = tokens.content_words(" ".join(words))
    return [stem.removesuffix("ment") if len(stem) > 6 else stem for stem in stems]


def _numbers(text: str) -> list[str]:
    return [number.strip("$€£₹%") for number in tokens.numbers(text)]
