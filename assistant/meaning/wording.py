"""The words of a release, and the conflicts between a question and the phrasing that matched it.

Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assistant.meaning.identifiers import missing
from assistant.meaning.names import Names, other_name
from assistant.meaning.polarity import difference
from faq.content import Content


class Rule(StrEnum):
    POLARITY = "polarity"
    """The question says the opposite of the phrasing."""
    IDENTIFIER = "identifier"
    """The question has a different number, code, year or letter."""
    NAME = "name"
    """The question has a different name."""


@dataclass(frozen=True)
class Conflict:
    """The words that differ, in the question and in the phrasing that matched it."""

    rule: Rule
    question: str
    phrasing: str

    def as_dict(self) -> dict[str, str]:
        return {"rule": self.rule.value, "question": self.question, "phrasing": self.phrasing}


@dataclass(frozen=True)
class Wording:
    """``contents``: the FAQs by id; ``names``: the names in their phrasings; ``model_words``: the
    model's vocabulary, in lower case."""

    contents: Mapping[str, Content] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    model_words: Collection[str] = ()

    @classmethod
    def of(cls, contents: Mapping[str, Content], *, model_words: Collection[str] = ()) -> Wording:
        return cls(contents, Names.of(_phrasings(contents.values())), model_words)

    def conflict(
        self, question: str, faq_id: str, phrasing: str, *, typed: str = ""
    ) -> Conflict | None:
        """Why the FAQ does not answer the question although the phrasing is similar; None if it
        may.

        ``typed``: the question before its spelling was corrected; empty if it was not.
        """
        content = self.contents.get(faq_id)
        if content is None:
            return None
        others = [other for other in content.phrasings if other != phrasing]
        if value := missing(question, content.phrasings):
            return Conflict(Rule.IDENTIFIER, value, phrasing)
        texts = (*content.phrasings, content.answer)
        name = other_name(
            question,
            phrasing,
            typed=typed or question,
            faq_texts=texts,
            names=self.names,
            model_words=self.model_words,
        )
        if name:
            return Conflict(Rule.NAME, name.question, name.phrasing)
        if opposite := difference(question, phrasing, others):
            return Conflict(Rule.POLARITY, opposite.question, opposite.phrasing)
        return None

    def missing_number(self, question: str, faq_id: str) -> str:
        """A number or code of the question, in any language, if the FAQ has only different ones;
        otherwise empty."""
        content = self.contents.get(faq_id)
        value = missing(question, content.phrasings) if content else ""
        return value if any(map(str.isdigit, value or "")) else ""


def _phrasings(contents: Iterable[Content]) -> Iterable[str]:
    return (phrasing for content in contents for phrasing in content.phrasings)
