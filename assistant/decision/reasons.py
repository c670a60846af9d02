"""Why a question was answered, led to options, or fell back. Pure."""

from __future__ import annotations

from enum import StrEnum

from assistant.meaning.wording import Rule


class Reason(StrEnum):
    """Why. The first group answers, the second asks back, the rest falls back."""

    EXACT = "exact"
    """The question is one of the FAQ's phrasings, as it was typed."""
    CONFIDENT = "confident"
    CHOSEN = "chosen"
    """The person picked it from the options of the reply before."""
    EACH_QUESTION = "each_question"
    """Each of several questions has a clear answer of its own."""
    OTHER_LANGUAGE = "other_language"
    """The multilingual model is sure of the FAQ; the first model cannot read the question."""

    AMBIGUOUS = "ambiguous"
    """Another FAQ is about as close."""
    UNSURE = "unsure"
    """Ahead of the others, but too far away to answer."""
    SEVERAL_QUESTIONS = "several_questions"
    """The message asks or says more than one thing that FAQs are about."""
    DISAGREEMENT = "disagreement"
    """A sentence by itself, or the spelling corrected, leads to another FAQ than the message."""
    OPPOSITE = "opposite"
    """The question says the opposite of the closest phrasing."""
    OTHER_IDENTIFIER = "other_identifier"
    """The question has another number, code or letter than the closest FAQ."""
    OTHER_NAME = "other_name"
    """The question has another name than the closest phrasing."""
    PRIORITY_TERM = "priority_term"
    """A term of the question puts an FAQ first that the desk has chosen."""
    OTHER_LANGUAGE_UNSURE = "other_language_unsure"
    """The multilingual model has FAQs to offer; the first model cannot read the question."""
    IN_ANSWER = "in_answer"
    """No phrasing is close, and the words of the question are in one FAQ's answer."""

    BELOW_THRESHOLD = "below_threshold"
    NO_MATCH = "no_match"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    UNREADABLE = "unreadable"
    """There is nothing in the question that the model could read."""
    NONE_OF_THESE = "none_of_these"
    """The person rejected all options of the reply before."""
    SMALL_TALK = "small_talk"
    HAND_OFF = "hand_off"
    """Somebody asks for a person."""


ANSWERS = frozenset(
    {
        *(Reason.EXACT, Reason.CONFIDENT, Reason.CHOSEN, Reason.EACH_QUESTION),
        Reason.OTHER_LANGUAGE,
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
        *(Reason.PRIORITY_TERM, Reason.IN_ANSWER, Reason.OTHER_LANGUAGE_UNSURE),
        *CONFLICTS.values(),
    }
)
SET_REPLIES = frozenset({Reason.SMALL_TALK, Reason.HAND_OFF})
"""Answered with a text of the desk's, never with an FAQ."""
