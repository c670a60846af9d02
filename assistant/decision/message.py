"""Decide about a whole message: its sentences, its spelling, and conflicts of meaning.

Pure: no Django, no I/O. All texts of a message are known before the search, and all their matches
before the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.decision.decision import (
    Decision,
    Part,
    choose,
    decide,
    only_exact,
    put_first,
    reject_options,
)
from assistant.decision.matches import Match, rank
from assistant.decision.multiple_questions import combine
from assistant.decision.policy import Policy
from assistant.decision.reasons import CONFLICTS, Reason
from assistant.decision.second_language import decide_second_language
from assistant.meaning.underspecified import is_underspecified
from assistant.meaning.wording import Wording
from assistant.text.cleaning import strip_pleasantries
from assistant.text.intents import Intent, intent_of
from assistant.text.language import is_foreign
from assistant.text.readability import is_readable
from assistant.text.sentences import Sentence, to_decide
from assistant.text.spelling import Change, Correction

NO_CHOICE = "none"
"""The ``choice`` of a person who rejects all options."""

MATCHES = 10
"""FAQs per text, for the agent and for people who read the path."""

NO_WORDING = Wording()


@dataclass(frozen=True)
class Message:
    """A person's message, as the texts to compare.

    ``text``: the whole message. ``sentences``: the ones to decide separately, if it has several.
    ``corrected``: the message with corrected spelling, used if the message as typed leads to no
    answer; ``changes``: the corrected words. ``refusal``: why only exact phrasings may answer it.
    ``priority``: the id of the FAQ of a priority term; ``mention``: the id of the FAQ whose answer
    has the words of the message; both empty if there is none.
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
        site_words: Collection[str] = (),
        intents: Collection[Intent] = tuple(Intent),
    ) -> Message:
        """``correct`` corrects the spelling of a text. ``english_only``: the model knows only
        English. ``site_words``: further words that count as English, in lower case.
        ``intents``: the intents that no FAQ has.
        """
        text = strip_pleasantries(sent)
        if not is_readable(text, english_only=False):
            return cls(text, refusal=Reason.UNREADABLE)
        intent = intent_of(sent)
        if intent in intents:
            reason = Reason.HAND_OFF if intent is Intent.PERSON else Reason.SMALL_TALK
            return cls(text, refusal=reason, intent=intent)
        if english_only and is_foreign(text, site_words=site_words):
            return cls(text, refusal=Reason.UNSUPPORTED_LANGUAGE)
        message = cls(text, to_decide(text))
        correction = correct(text)
        if not correction.changes:
            return message
        corrected = cls(correction.text, to_decide(correction.text), changes=correction.changes)
        return replace(message, corrected=corrected)

    @property
    def also(self) -> tuple[str, ...]:
        """The ids of FAQs to match at any distance."""
        return tuple(filter(None, (self.priority, self.mention)))

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts whose matches ``decide_message`` needs, without duplicates."""
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
    """Decide about a message, from the matches of each of its ``texts``.

    ``wording``: the release's words, to recognise close texts of another meaning.
    ``second_language``: the matches of the whole message by the multilingual model, if there is one
    and the first model cannot read the language. ``choice``: the FAQ that the person picked from
    the options of the last reply, or ``NO_CHOICE``. Raises ``LookupError`` if it is not among the
    matches.
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
    decision = _decide_spellings(message, matches, policy, wording)
    return _with_desk_choice(decision, message, matches[message.text], policy)


def _decide_spellings(
    message: Message, matches: Mapping[str, Sequence[Match]], policy: Policy, wording: Wording
) -> Decision:
    """Decide about the message as typed, and then with corrected spelling."""
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
    """Add the FAQ of a priority term, or the one whose answer has the message's words."""
    if not message.also:
        return decision
    by_faq = {match.faq_id: match for match in rank(matches, policy)}
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
    """True if the corrected message answers or offers more, or answers the same."""
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
    """``typed``: the message before its spelling was corrected; empty if it was not."""

    def decide_text(text: str) -> Decision:
        candidates = matches[text]
        if typed:
            # Only the message as typed can be exact.
            candidates = [replace(match, exact=False) for match in candidates]
        return _without_conflict(text, decide(candidates, policy), wording, typed=typed)

    parts = [
        Part(sentence.text, decide_text(sentence.text), sentence.asks)
        for sentence in message.sentences
    ]
    return combine(decide_text(message.text), parts)


def _without_conflict(text: str, decision: Decision, wording: Wording, *, typed: str) -> Decision:
    """Ask back if the closest phrasing has another meaning, however similar it is."""
    if decision.reason is not Reason.CONFIDENT or decision.chosen is None:
        return decision
    chosen = decision.chosen
    conflict = wording.conflict(text, chosen.faq_id, chosen.phrasing, typed=typed)
    if conflict:
        return replace(decision, reason=CONFLICTS[conflict.rule], conflict=conflict)
    asking = replace(decision, reason=Reason.UNDERSPECIFIED)
    rivals = (option for option in asking.options if option.faq_id != chosen.faq_id)
    if any(is_underspecified(text, chosen.phrasing, rival.phrasing) for rival in rivals):
        return asking
    return decision


def unanswered_parts(decision: Decision) -> tuple[str, ...]:
    """The questions of a message that the decision does not answer."""
    if not (decision.part or decision.answers):
        return ()
    return tuple(
        part.question for part in decision.parts if part.asks and part.decision.chosen is None
    )
