"""The words of a release, with which a person's message is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from assistant.decision.message import Message
from assistant.matching.entries import phrasings
from assistant.meaning.names import Names
from assistant.meaning.wording import Wording
from assistant.text.answer_words import AnswerWords
from assistant.text.intents import Intent, intent_of
from assistant.text.language import is_foreign, words_of
from assistant.text.priority_terms import first_faq
from assistant.text.readability import is_readable
from assistant.text.spelling import Correction, Spelling
from faq.content import Content

NO_TERMS: Mapping[str, str] = {}


@dataclass(frozen=True)
class ReleaseWords:
    """The words of a release's FAQs and of its model."""

    contents: Mapping[str, Content]
    model_words: Mapping[str, int]
    """See ``interfaces.Embedder.words``."""
    english_only: bool
    """Whether the model reads English only."""

    def message(self, sent: str, *, priority_terms: Mapping[str, str] = NO_TERMS) -> Message:
        """A person's message that is no phrasing of the release, as the texts to compare.

        ``priority_terms``: the id of each term's FAQ, see ``desk_texts``.
        """
        message = Message.of(
            sent,
            correct=self.correct,
            english_only=self.english_only,
            site_words=self.site_words,
            intents=self.intents,
        )
        if message.refusal:
            return message
        return replace(
            message,
            priority=first_faq(message.text, priority_terms),
            mention=self.answer_words.find(message.text),
        )

    def warm_up(self) -> None:
        """Compute the cached properties now: those computed before a fork are shared."""
        # What needs no model comes first: at the start another thread loads it meanwhile.
        _ = self.answer_words, self.site_words, self.intents
        _ = self.unreadable, self.spelling, self.wording

    def correct(self, text: str) -> Correction:
        """Correct typing errors with the words of the release and of the language."""
        return self.spelling.correct(text) if self.spelling else Correction(text)

    @cached_property
    def spelling(self) -> Spelling | None:
        """None if the model has no list of words; then nothing is corrected."""
        if not self.model_words:
            return None
        contents = self.contents.values()
        texts = [*phrasings(contents), *(content.answer for content in contents)]
        names = Names.of(texts).followed_by.keys() - self.model_words.keys()
        return Spelling(texts, language_words=self.model_words, names=names)

    @cached_property
    def wording(self) -> Wording:
        """The words of the release, for the rules about close texts of another meaning."""
        return Wording.of(self.contents, model_words=self.model_words)

    @cached_property
    def answer_words(self) -> AnswerWords:
        """The words of the FAQs, to find the one whose answer has the words of a question."""
        return AnswerWords.of(self.contents.values())

    @cached_property
    def site_words(self) -> frozenset[str]:
        """Words that count as English, since English FAQs have them: names, for example."""
        texts = phrasings(self.contents.values())
        return words_of(text for text in texts if not is_foreign(text))

    @cached_property
    def unreadable(self) -> frozenset[str]:
        """The phrasings without a word that the model can read: all of them have the same
        vector."""
        return frozenset(
            text
            for text in phrasings(self.contents.values())
            if not is_readable(text, english_only=self.english_only)
        )

    @cached_property
    def intents(self) -> frozenset[Intent]:
        """The intents that count as small talk: those that no FAQ has, and always ``PERSON``."""
        of_faqs = {intent_of(text) for text in phrasings(self.contents.values())}
        return frozenset(Intent) - (of_faqs - {Intent.PERSON})
