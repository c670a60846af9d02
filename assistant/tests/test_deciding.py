"""A whole message: greetings, languages and several questions in one."""

from __future__ import annotations

import pytest

from assistant.decision.matches import Match
from assistant.decision.message import Message, decide_message, unanswered_parts
from assistant.decision.policy import CosinePolicy
from assistant.decision.reasons import Reason
from assistant.text.spelling import Change, Correction

KNOWN = {
    "how do i reset my password?": "reset",
    "what does shipping cost?": "shipping",
    "where is my order?": "track",
}


def find(text: str) -> list[Match]:
    """An FAQ for each question of KNOWN, found only by its own words."""
    expected = KNOWN.get(text.lower())
    others = [slug for slug in KNOWN.values() if slug != expected]
    near = [Match(expected, text, 0.9)] if expected else []
    return [*near, *(Match(slug, slug, 0.2) for slug in others)]


def decided(message, *, english_only=True):
    read = Message.of(message, english_only=english_only)
    return decide_message(read, {text: find(text) for text in read.texts}, CosinePolicy())


def test_a_greeting_and_thanks_are_set_aside():
    matches = decided("Hi there! How do I reset my password? Thanks in advance")

    assert matches.chosen.faq_id == "reset"
    assert unanswered_parts(matches) == ()


def test_two_questions_that_faqs_answer_are_both_answered():
    matches = decided("How do I reset my password? What does shipping cost?")

    assert matches.reason is Reason.EACH_QUESTION
    assert [part.decision.chosen.faq_id for part in matches.answers] == ["reset", "shipping"]
    assert unanswered_parts(matches) == ()


def test_of_two_questions_the_one_that_is_known_is_answered_and_the_other_named():
    matches = decided("How do I reset my password? Who won the world cup?")

    assert matches.chosen.faq_id == "reset"
    assert unanswered_parts(matches) == ("Who won the world cup?",)


def test_two_questions_that_nobody_knows_are_left_to_the_whole():
    matches = decided("Who won the world cup? Who will win the next?")

    assert matches.reason is Reason.BELOW_THRESHOLD
    assert unanswered_parts(matches) == ()


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("میرا پاس ورڈ کیسے ری سیٹ ہوگا؟", id="Urdu"),
        pytest.param("¿Cómo puedo restablecer mi contraseña?", id="Spanish"),
        pytest.param("Wie kann ich mein Passwort zurücksetzen?", id="German"),
        pytest.param("mera password kaise reset hoga bhai", id="Roman Urdu"),
    ],
)
def test_a_language_the_model_does_not_know_is_not_answered_by_likeness(message):
    assert decided(message).reason is Reason.UNSUPPORTED_LANGUAGE
    assert decided(message, english_only=False).reason is Reason.BELOW_THRESHOLD


def test_the_texts_to_compare_are_known_before_anything_is_searched_for():
    assert Message.of("Hello! Where is my order?").texts == ("Where is my order?",)
    assert Message.of("Where is my order? What does shipping cost?").texts == (
        "Where is my order? What does shipping cost?",
        "Where is my order?",
        "What does shipping cost?",
    )
    assert Message.of("Wo ist mein Paket? Was kostet der Versand?", english_only=True).texts == (
        "Wo ist mein Paket? Was kostet der Versand?",
    )


def test_a_choice_answers_whatever_is_closer():
    message = Message.of("Where is my order?")
    matches = {message.text: find(message.text)}

    chosen = decide_message(message, matches, CosinePolicy(), choice="reset")

    assert (chosen.reason, chosen.chosen.faq_id) == (Reason.CHOSEN, "reset")
    with pytest.raises(LookupError):
        decide_message(message, matches, CosinePolicy(), choice="unheard-of")


def test_a_message_whose_spelling_leads_to_another_faq_is_asked_back():
    """The words as typed are close to one FAQ, the corrected ones to another."""

    def correct(text):
        return Correction(text.replace("shiping", "shipping"), (Change("shiping", "shipping"),))

    message = Message.of("how quick is shiping", correct=correct)
    matches = {
        "how quick is shiping": [Match("cost", "cost", 0.9), Match("time", "time", 0.3)],
        "how quick is shipping": [Match("cost", "cost", 0.3), Match("time", "time", 0.9)],
    }

    decision = decide_message(message, matches, CosinePolicy())

    assert decision.reason is Reason.DISAGREEMENT
    assert [option.faq_id for option in decision.options] == ["time", "cost"]
    assert decision.corrected == (Change("shiping", "shipping"),)
