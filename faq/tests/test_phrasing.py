"""When two phrasings are the same one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faq.phrasing import distinct, is_blank, normalise


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("How do I pay?", "how do i pay", id="capitals and the question mark"),
        pytest.param("How  do\tI\n pay", "How do I pay", id="spaces"),
        pytest.param("“How do I pay?!”", "How do I pay.", id="quotes and marks around it"),
        pytest.param("¿Cómo pago?", "cómo pago", id="marks in front"),
        pytest.param(
            "میں کیسے ادائیگی کروں؟", "میں کیسے ادائیگی کروں", id="marks of other scripts"
        ),
        pytest.param("Cafe\u0301", "caf\u00e9", id="composed and decomposed letters"),
        pytest.param("\uff28\uff4f\uff57\uff1f", "how", id="full-width letters"),
        pytest.param("STRASSE", "straße", id="case folding, not lower case"),
        pytest.param("pass\u200bword\ufeff", "password", id="invisible characters"),
        pytest.param("cafe\u200b\u0301", "caf\u00e9", id="an invisible one before an accent"),
    ],
)
def test_phrasings_are_the_same_but_for(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Do you sell C#?", "Do you sell C?", id="a sign that is part of a name"),
        pytest.param("Can I pay?", "Can't I pay?", id="an apostrophe within"),
        pytest.param("re-order", "reorder", id="a hyphen within"),
        pytest.param("resume", "résumé", id="an accent"),
    ],
)
def test_phrasings_differ_by(one, other):
    assert normalise(one) != normalise(other)


@given(st.text() | st.text(alphabet="aA\u00c4\u0308\u0345\u200b ?\"'\u2026\u00b4\uff1f"))
def test_normalising_again_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


def test_repeated_alternates_are_left_out_and_the_first_spelling_stays():
    alternates = ["how do I PAY", "Can I pay by card?", "can i pay by card", "Card?"]

    assert distinct("How do I pay?", alternates) == ("Can I pay by card?", "Card?")


@pytest.mark.parametrize("text", ["", " \t\n", "\u200b\ufeff", "\u2800\u00a0\u3164"])
def test_it_is_blank_if_nothing_can_be_seen(text):
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", "\u200ba", "\N{THUMBS UP SIGN}"])
def test_it_is_not_blank_if_anything_can_be_seen(text):
    assert not is_blank(text)
