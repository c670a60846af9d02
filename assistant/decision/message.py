"""Decide about a whole message: pleasantries stripped, language detected, questions split.

Pure: no Django, no I/O. The texts to compare are known before anything is searched for, and the
matches of all of them are known before anything is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from assistant.decision.decision import Decision, Match, Part, choose, decide, refuse_language
from assistant.decision.multiple_questions import combine
from assistant.decision.policy import Policy
from assistant.text.language import is_foreign
from assistant.text.questions import split, strip_pleasantries

MATCHES = 10
"""FAQs per text: enough for the agent and for a person who reads the path."""


@dataclass(frozen=True)
class Message:
    """What a person sent, as it is compared.

    ``text``: the whole of it. ``parts``: its questions if it asks several, else empty. ``foreign``:
    it is in a language that the model was not trained for.
    """

    text: str
    parts: tuple[str, ...] = ()
    foreign: bool = False

    @classmethod
    def of(
        cls,
        sent: str,
        *,
        correct: Callable[[str], str] = str,
        english_only: bool = False,
        known: Collection[str] = (),
    ) -> Message:
        """``correct`` fixes the spelling of a text. ``english_only``: the model knows no other
        language. ``known``: words that count as English whatever they are, in lower case.
        """
        stripped = strip_pleasantries(sent)
        text = correct(stripped)
        if english_only and is_foreign(stripped, known=known):
            return cls(text, foreign=True)
        return cls(text, split(text))

    @property
    def texts(self) -> tuple[str, ...]:
        """All that ``decide_message`` needs the matches of, each once."""
        return tuple(dict.fromkeys((self.text, *self.parts)))


def decide_message(
    message: Message,
    matches: Mapping[str, Sequence[Match]],
    policy: Policy,
    *,
    choice: str = "",
) -> Decision:
    """Decide about a message, given the matches of each of its ``texts``.

    ``choice``: the FAQ that the person picked from the options of the last reply. Raises
    ``LookupError`` if it is not among the matches.
    """
    if choice:
        return choose(matches[message.text], policy, faq_id=choice)
    if message.foreign:
        return refuse_language(matches[message.text], policy)
    whole = decide(matches[message.text], policy)
    return combine(whole, [Part(part, decide(matches[part], policy)) for part in message.parts])


def unanswered_parts(decision: Decision) -> tuple[str, ...]:
    """The questions of a message that its answer is not about."""
    if not decision.part:
        return ()
    return tuple(part.question for part in decision.parts if part.decision.chosen is None)
