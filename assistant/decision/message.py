"""Decide about a whole message: what is asked, sentence by sentence, and what stands against it.

Pure: no Django, no I/O. The texts to compare are known before anything is searched for, and the
matches of all of them are known before anything is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.decision.decision import (
    Decision,
    Match,
    Part,
    choose,
    decide,
    judged,
    only_exact,
    put_first,
    reject_options,
)
from assistant.decision.multiple_questions import combine
from assistant.decision.policy import Policy
from assistant.decision.reasons import CONFLICTS, Reason
from assistant.decision.second_language import decide_second_language
from assistant.meaning.wording import Wording
from assistant.text.cleaning import strip_pleasantries
from assistant.text.intents import Intent, intent_of
from assistant.text.language import is_foreign
from assistant.text.readability import is_readable
from assistant.text.sentences import Sentence, to_decide
from assistant.text.spelling import Change, Correction

NO_CHOICE = "none"
"""The ``choice`` of a person whom none of the options helped."""

MATCHES = 10
"""FAQs per text: enough for the agent and for a person who reads the path."""

NO_WORDING = Wording()


@dataclass(frozen=True)
class Message:
    """What a person sent, as it is compared.

    ``text``: the whole of it. ``sentences``: those decided about by themselves, if it has several.
    ``corrected``: the same message with its spelling corrected, which is looked at where the words
    as they were typed lead to no answer; ``changes``: what was corrected. ``refusal``: why no
    likeness may answer it. ``priority``: the FAQ that a term of the desk puts first; ``mention``:
    the one whose answer has the words of the message; both ids, empty without one.
    """

    text: str
    sentences: tuple[Sentence, ...] = ()
    corrected: Message | None = None
    changes: tuple[Change, ...] = ()
    refusal: Reason | None = None
    intent: Intent | None = None
    priority: str = ""
    mention: str = ""

    @classmethod
    def of(
        cls,
        sent: str,
        *,
        correct: Callable[[str], Correction] = Correction,
        english_only: bool = False,
        known: Collection[str] = (),
        intents: Collection[Intent] = tuple(Intent),
    ) -> Message:
        """``correct`` corrects the spelling of a text. ``english_only``: the model knows no other
        language. ``known``: words that count as English whatever they are, in lower case.
        ``intents``: those that no FAQ is about.
        """
        text = strip_pleasantries(sent)
        if not is_readable(text, english_only=False):
            return cls(text, refusal=Reason.UNREADABLE)
        intent = intent_of(sent)
        if intent in intents:
            reason = Reason.HAND_OFF if intent is Intent.PERSON else Reason.SMALL_TALK
            return cls(text, refusal=reason, intent=intent)
        if english_only and is_foreign(text, known=known):
            return cls(text, refusal=Reason.UNSUPPORTED_LANGUAGE)
        message = cls(text, to_decide(text))
        correction = correct(text)
        if not correction.changes:
            return message
        corrected = cls(correction.text, to_decide(correction.text), changes=correction.changes)
        return replace(message, corrected=corrected)

    @property
    def also(self) -> tuple[str, ...]:
        """The ids of FAQs that are matched however far away they are."""
        return tuple(filter(None, (self.priority, self.mention)))

    @property
    def texts(self) -> tuple[str, ...]:
        """All that ``decide_message`` needs the matches of, each once."""
        own = (self.text, *(sentence.text for sentence in self.sentences))
        return tuple(dict.fromkeys((*own, *(self.corrected.texts if self.corrected else ()))))


def decide_message(
    message: Message,
    matches: Mapping[str, Sequence[Match]],
    policy: Policy,
    wording: Wording = NO_WORDING,
    *,
    second_language: Sequence[Match] = (),
    choice: str = "",
) -> Decision:
    """Decide about a message, given the matches of each of its ``texts``.

    ``second_language``: those of the whole message by the multilingual model, if there is one and
    the message is in a language that the first model cannot read.

    ``wording``: the release's words, by which close texts of another meaning are told apart.
    ``choice``: the FAQ that the person picked from the options of the last reply, or ``NO_CHOICE``.
    Raises ``LookupError`` if it is not among the matches.
    """
    if choice == NO_CHOICE:
        return reject_options(matches[message.text], policy)
    if choice:
        return choose(matches[message.text], policy, faq_id=choice)
    if message.refusal:
        decision = only_exact(matches[message.text], policy, otherwise=message.refusal)
        if decision.chosen:
            return decision
        if second_language:
            return decide_second_language(message.text, second_language, policy, wording)
        return replace(decision, intent=message.intent)
    decision = _decide_looks(message, matches, policy, wording)
    return _with_desk_choice(decision, message, matches[message.text], policy)


def _decide_looks(
    message: Message, matches: Mapping[str, Sequence[Match]], policy: Policy, wording: Wording
) -> Decision:
    """The words as they were typed first, then with their spelling corrected."""
    decision = _decide_texts(message, matches, policy, wording)
    if decision.reason in (Reason.EXACT, Reason.OPPOSITE, Reason.OTHER_IDENTIFIER):
        return decision
    if not message.corrected:
        return decision
    second = _decide_texts(message.corrected, matches, policy, wording, typed=message.text)
    if decision.chosen and second.chosen and decision.chosen.faq_id != second.chosen.faq_id:
        both = put_first(decision, [second.chosen, decision.chosen], Reason.DISAGREEMENT)
        return replace(both, corrected=message.corrected.changes)
    if not _is_better(second, decision):
        return decision
    return replace(decision if decision.chosen else second, corrected=message.corrected.changes)


def _with_desk_choice(
    decision: Decision, message: Message, matches: Sequence[Match], policy: Policy
) -> Decision:
    """With the FAQ that a priority term puts first, or whose answer has the message's words."""
    if not message.also:
        return decision
    by_faq = {match.faq_id: match for match in judged(matches, policy)}
    priority, mention = by_faq.get(message.priority), by_faq.get(message.mention)
    if priority and decision.reason is not Reason.EXACT:
        if decision.chosen and decision.chosen.faq_id == priority.faq_id:
            return decision
        return put_first(decision, [priority], Reason.PRIORITY_TERM)
    if mention is None or decision.chosen:
        return decision
    decision = replace(decision, mention=mention)
    if decision.reason in (Reason.BELOW_THRESHOLD, Reason.NO_MATCH):
        return replace(decision, reason=Reason.IN_ANSWER)
    return decision


def _is_better(second: Decision, first: Decision) -> bool:
    """Whether the corrected words lead further than those typed, or to the same FAQ."""
    if first.chosen:
        return second.chosen is not None and second.chosen.faq_id == first.chosen.faq_id
    return second.chosen is not None or bool(second.options and not first.options)


def _decide_texts(
    message: Message,
    matches: Mapping[str, Sequence[Match]],
    policy: Policy,
    wording: Wording,
    *,
    typed: str = "",
) -> Decision:
    """``typed``: the message before its spelling was corrected, where it was."""

    def decide_text(text: str) -> Decision:
        found = matches[text]
        if typed:
            # Exact are only the words as they were typed.
            found = [replace(match, exact=False) for match in found]
        return _without_conflict(text, decide(found, policy), wording, typed=typed)

    parts = [
        Part(sentence.text, decide_text(sentence.text), sentence.asks)
        for sentence in message.sentences
    ]
    return combine(decide_text(message.text), parts)


def _without_conflict(text: str, decision: Decision, wording: Wording, *, typed: str) -> Decision:
    """Ask back where the closest phrasing has another meaning, however similar it is."""
    if decision.reason is not Reason.CONFIDENT or decision.chosen is None:
        return decision
    chosen = decision.chosen
    conflict = wording.conflict(text, chosen.faq_id, chosen.phrasing, typed=typed)
    if conflict is None:
        return decision
    return replace(decision, reason=CONFLICTS[conflict.rule], conflict=conflict)


def unanswered_parts(decision: Decision) -> tuple[str, ...]:
    """The questions of a message that its answer is not about."""
    if not (decision.part or decision.answers):
        return ()
    return tuple(
        part.question for part in decision.parts if part.asks and part.decision.chosen is None
    )
