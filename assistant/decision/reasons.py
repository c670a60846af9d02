"""Reasons of a decision: why it answers, asks back, or does neither. Pure."""

from __future__ import annotations

from enum import StrEnum

from assistant.meaning.wording import Rule


class Reason(StrEnum):
    """The first group answers, the second asks back, the third does neither."""

    EXACT = "exact"
    """The question as typed is one of the FAQ's phrasings."""
    CONFIDENT = "confident"
    CHOSEN = "chosen"
    """The person picked an option of the last reply."""
    EACH_QUESTION = "each_question"
    """Several questions each have a clear answer."""
    AGENT_CHOICE = "agent_choice"
    """The policy asks back, and a model chose the FAQ that is first."""
    OTHER_LANGUAGE = "other_language"
    """The multilingual model is sure of the FAQ; the first model cannot read the question."""

    AMBIGUOUS = "ambiguous"
    """Another FAQ is about as close."""
    UNSURE = "unsure"
    """Closer than all others, but not close enough to answer."""
    SEVERAL_QUESTIONS = "several_questions"
    """Several sentences of the message lead to different FAQs."""
    DISAGREEMENT = "disagreement"
    """One sentence, or the corrected spelling, leads to another FAQ than the whole message."""
    OPPOSITE = "opposite"
    """The question says the opposite of the closest phrasing."""
    OTHER_IDENTIFIER = "other_identifier"
    """The question has a different number, code or letter than the closest FAQ."""
    OTHER_NAME = "other_name"
    """The question has a different name than the closest phrasing."""
    UNDERSPECIFIED = "underspecified"
    """The question lacks the word that distinguishes two FAQs."""
    PRIORITY_TERM = "priority_term"
    """The question has one of the desk's priority terms, whose FAQ comes first."""
    FOLLOW_UP = "follow_up"
    """It continues an earlier question, and could not be understood without it."""
    OTHER_LANGUAGE_UNSURE = "other_language_unsure"
    """The multilingual model has options; the first model cannot read the question."""
    IN_ANSWER = "in_answer"
    """No phrasing is close, but the answer of one FAQ has the words of the question."""

    BELOW_THRESHOLD = "below_threshold"
    NO_MATCH = "no_match"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    UNREADABLE = "unreadable"
    """The question has no letter and no digit."""
    NONE_OF_THESE = "none_of_these"
    """The person rejected all options of the last reply."""
    SMALL_TALK = "small_talk"
    HAND_OFF = "hand_off"
    """The customer asks for a person."""


ANSWERS = frozenset(
    {
        *(Reason.EXACT, Reason.CONFIDENT, Reason.CHOSEN, Reason.EACH_QUESTION),
        *(Reason.OTHER_LANGUAGE, Reason.AGENT_CHOICE),
    }
)
CONFLICTS = {
    Rule.POLARITY: Reason.OPPOSITE,
    Rule.IDENTIFIER: Reason.OTHER_IDENTIFIER,
    Rule.NAME: Reason.OTHER_NAME,
}
ASKS_BACK = frozenset(
    {
        *(Reason.AMBIGUOUS, Reason.UNSURE, Reason.SEVERAL_QUESTIONS, Reason.DISAGREEMENT),
        *(Reason.UNDERSPECIFIED, Reason.PRIORITY_TERM, Reason.FOLLOW_UP),
        *(Reason.IN_ANSWER, Reason.OTHER_LANGUAGE_UNSURE),
        *CONFLICTS.values(),
    }
)
SET_REPLIES = frozenset({Reason.SMALL_TALK, Reason.HAND_OFF})
"""Reasons whose reply is a text that the desk writes, never an FAQ."""
