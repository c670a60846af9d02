"""Recognise small talk, and messages that ask for a person."""

from __future__ import annotations

import pytest

from assistant.text.intents import DEFAULT_REPLIES, Intent, intent_of


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("hello", Intent.GREETING),
        ("Hi there!!!", Intent.GREETING),
        ("Good evening", Intent.GREETING),
        ("thank you so much", Intent.THANKS),
        ("ok thanks, bye", Intent.THANKS),
        ("Bye!", Intent.GOODBYE),
        ("good night", Intent.GOODBYE),
        ("How are you doing?", Intent.WELLBEING),
        ("who are you?", Intent.IDENTITY),
        ("what is your name", Intent.IDENTITY),
        ("Are you a real person?", Intent.IDENTITY),
        ("what time is it", Intent.TIME),
        ("what's the date today?", Intent.TIME),
        ("ok", Intent.ACKNOWLEDGEMENT),
        ("operator", Intent.PERSON),
        ("a human please", Intent.PERSON),
        ("I want to talk to a real person", Intent.PERSON),
        ("can I speak to someone?", Intent.PERSON),
        ("connect me to customer service", Intent.PERSON),
        pytest.param(
            "My parcel is late. I want to speak to a human.", Intent.PERSON, id="beside a remark"
        ),
    ],
)
def test_a_message_that_is_nothing_else_has_an_intent(message, intent):
    assert intent_of(message) is intent


@pytest.mark.parametrize(
    "message",
    [
        "hello, where is my order?",
        "thanks for the parcel, it is broken",
        "what time do you open",
        "what is your return policy",
        "who are your suppliers",
        "my agent has not called",
        "change of name",
        "How can I contact you?",
        "Customer service phone number",
        "I want to talk to a person about my refund of last week because it never came",
        "do you like pizza",
        "",
    ],
)
def test_anything_else_is_a_question(message):
    assert intent_of(message) is None


def test_each_intent_has_a_reply():
    assert set(DEFAULT_REPLIES) == set(Intent)
