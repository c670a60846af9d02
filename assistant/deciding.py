"""Decide about a whole message: its greeting set aside, its language looked at, its questions told apart.

Pure: no Django. Where the phrasings closest to a text come from is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from assistant.decision import Decision, Match, Reason, decide, refuse_language
from assistant.language import is_foreign
from assistant.policy import Policy
from assistant.question import prepare, split

Find = Callable[[str], list[Match]]
"""The FAQs closest to a text, best first."""


@dataclass(frozen=True)
class Considered:
    """A decision, and the questions of the message that it leaves without an answer."""

    decision: Decision
    matches: tuple[Match, ...]
    left: tuple[str, ...] = ()


def consider(
    message: str, policy: Policy, find: Find, *, english_only: bool, known: Collection[str] = ()
) -> Considered:
    """Decide about a message as a person sent it.

    ``english_only``: the model knows no other language, so nothing else is answered by likeness.
    ``known``: words that count as English whatever they are, in lower case.
    """
    text = prepare(message)
    matches = find(text)
    if english_only and is_foreign(text, known=known):
        return Considered(refuse_language(matches, policy), tuple(matches))
    decision = decide(matches, policy)
    parts = () if decision.reason is Reason.EXACT else split(text)
    if parts:
        return _together(parts, decision, [decide(find(part), policy) for part in parts])
    return Considered(decision, tuple(matches))


def _together(
    parts: Sequence[str], whole: Decision, decisions: Sequence[Decision]
) -> Considered:
    """Two questions that FAQs answer: ask which comes first. One: answer it, and say what is left."""
    known = {decision.chosen.faq_id: decision for decision in decisions if decision.chosen}
    if not known:
        return Considered(whole, whole.ranked)
    if len(known) == 1:
        (answered,) = known.values()
        left = tuple(
            part
            for part, decision in zip(parts, decisions, strict=True)
            if decision.chosen is None
        )
        return Considered(answered, answered.ranked, left)
    # Only these are on offer: what else is close to the whole is close to neither question.
    chosen = tuple(decision.chosen for decision in known.values() if decision.chosen)
    several = replace(whole, reason=Reason.SEVERAL_QUESTIONS, ranked=chosen)
    return Considered(several, chosen)
