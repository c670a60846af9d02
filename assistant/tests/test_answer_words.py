"""The FAQ whose answer has the words of a question, and terms that put an FAQ first."""

from __future__ import annotations

import pytest

from assistant.text.answer_words import AnswerWords
from assistant.text.priority_terms import first_faq
from faq.content import Content

WORDS = AnswerWords.of(
    [
        Content("access", "How do I get in?", "Through the yard; the lift is on the left."),
        Content("pay", "How can I pay?", "By Visa, American Express or bank transfer."),
        Content("hours", "When are you open?", "From nine to five, the yard from eight."),
        Content("abroad", "Do you ship abroad?", "Yes; you pay customs duty."),
        Content("invoice", "Can I order on account?", "After a short credit check."),
        Content("refund", "When is my return refunded?", "We check it, and credit your card."),
    ]
)


@pytest.mark.parametrize(
    ("question", "faq_id"),
    [
        ("is there a lift", "access"),
        ("are there lifts?", "access"),
        ("do you take amex", "pay"),
        ("customs fees", "abroad"),
        pytest.param("do you do a credit check", "invoice", id="side by side in one of two"),
        pytest.param("check your credit", "", id="not side by side"),
        pytest.param("the yard", "", id="two answers have it"),
        pytest.param("what about the weather on customs day", "", id="most words are missing"),
        pytest.param("is it", "", id="no word says anything"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_words_of_one_answer_name_its_faq(question, faq_id):
    assert WORDS.find(question) == faq_id


def test_a_site_without_faqs_names_none():
    assert AnswerWords.of([]).find("is there a lift") == ""


@pytest.mark.parametrize("count", range(1, 60))
def test_half_of_the_words_suffice_however_rounding_errors_add_up(count):
    contents = [
        Content("right", "How?", f"Custom{count} options{count}."),
        *(Content(f"option-{place}", "How?", f"Options{count}.") for place in range(4)),
        *(Content(f"create-{place}", "How?", f"Create{count}.") for place in range(5)),
        *(Content(f"other-{place}", "Why?", "Because.") for place in range(count)),
    ]
    question = f"custom{count} create{count} options{count} tables{count}"
    assert AnswerWords.of(contents).find(question) == "right"


@pytest.mark.parametrize(
    ("text", "faq_id"),
    [
        ("my card was stolen", "fraud"),
        ("It smells of a GAS LEAK!", "gas"),
        ("gas is leaking, and a stolen bike", "fraud"),
        ("I steal time", "fraud"),
        ("a gas bill", ""),
        ("", ""),
    ],
)
def test_the_first_term_of_a_text_names_its_faq(text, faq_id):
    assert first_faq(text, {"stolen": "fraud", "gas leak": "gas"}) == faq_id
