"""Decide about a whole message: greeting set aside, language looked at, questions told apart.

Pure: no Django. Where the phrasings closest to a text come from is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from assistant.clear import is_clear
from assistant.decision import Decision, Match, Part, decide, refuse_language
from assistant.language import is_foreign
from assistant.policy import Policy
from assistant.question import prepare, split
from assistant.several import combine

MATCHES = 10
"""FAQs looked at: enough for the agent and for a person who reads the path."""

Find = Callable[[str], list[Match]]
"""The FAQs closest to a text, best first."""

Glance = Callable[[str], list[Match] | None]
"""The same at a glance: similarities that are a little off. None where nobody can."""

Mend = Callable[[str], str]
"""A text with its slips of the pen put right."""


@dataclass(frozen=True)
class Message:
    """What a person sent, as it is compared: the text, and its questions if it asks several.

    ``prepared``: the text with its slips of the pen.
    """

    prepared: str
    text: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, sent: str, *, mend: Mend) -> Message:
        prepared = prepare(sent)
        text = mend(prepared)
        return cls(prepared, text, split(text))

    @property
    def texts(self) -> tuple[str, ...]:
        """All that ``consider`` looks for."""
        return (self.text, *self.parts)


def consider(
    sent: str,
    policy: Policy,
    find: Find,
    *,
    mend: Mend = str,
    english_only: bool,
    known: Collection[str] = (),
    glance: Glance | None = None,
) -> Decision:
    """Decide about a message as a person sent it.

    With ``glance``, a single question is decided at a glance where that makes it clear.
    ``english_only``: the model knows no other language, so nothing else is answered by likeness.
    ``known``: words that count as English whatever they are, in lower case.
    """
    message = Message.of(sent, mend=mend)
    if english_only and is_foreign(message.prepared, known=known):
        return refuse_language(find(message.text), policy)
    seen = glance(message.text) if glance and not message.parts else None
    if seen is not None:
        decision = decide(seen, policy)
        if is_clear(decision, policy):
            return replace(decision, glanced=True)
    whole = decide(find(message.text), policy)
    return combine(whole, [Part(part, decide(find(part), policy)) for part in message.parts])


def left_open(decision: Decision) -> tuple[str, ...]:
    """The questions of a message that its answer is not about."""
    if not decision.part:
        return ()
    return tuple(part.question for part in decision.parts if part.decision.chosen is None)
