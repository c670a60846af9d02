"""What of a message is suggested for an FAQ."""

from __future__ import annotations

import pytest

from tickets.excerpts import letter_body, without_placeholders


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Hello Jo,\n\nYes, two bulbs.\n\nKind regards\nSam", "Yes, two bulbs."),
        ("Dear Ms Malik,\nWe do.\nBest wishes,\nSam\nThe Shop", "We do."),
        ("Hi there! We do.", "We do."),
        ("Good morning\n\nWe do.\nThanks again", "We do."),
        ("Hello my lamp flickers, it is new.", "Hello my lamp flickers, it is new."),
        ("Dearborn has no shop.", "Dearborn has no shop."),
        ("Thanks to a new bulb it works.\nTurn it on first.\n" + "Then wait. " * 9, None),
        ("First line.\n\nSecond line.", "First line.\n\nSecond line."),
        ("Hello", "Hello"),
        ("Thanks!", "Thanks!"),
        ("", ""),
    ],
)
def test_a_letter_is_cut_to_its_body(text, body):
    assert letter_body(text) == (text.strip() if body is None else body)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("My lamp flickers. Call me on [PHONE].", "My lamp flickers."),
        ("Call [PHONE]", "Call [PHONE]"),
        ("No number here. None here.", "No number here. None here."),
    ],
)
def test_sentences_with_masked_data_are_left_out_if_others_remain(text, rest):
    assert without_placeholders(text) == rest
