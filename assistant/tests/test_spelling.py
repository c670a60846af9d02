"""Typing errors: corrected with the words of the release and of the language, names never."""

from __future__ import annotations

import pytest

from assistant.text.spelling import RARE, Spelling

SPELLING = Spelling(
    [
        "How do I return my order?",
        "Where is my parcel?",
        "deactivate my card",
        "Set an alarm",
        "Zolarin",
        "怎么退款",
    ],
    language_words={
        **{"how": 0, "lost": 1, "lose": 2, "cart": 3, "alcohol": 4, "retired": 5, "reactivate": 6},
        **{"alam": RARE, "parcels": RARE},
    },
    names={"zolarin"},
)


@pytest.mark.parametrize(
    ("question", "corrected"),
    [
        ("where is my parcle", "where is my parcel"),
        ("how do i retrun my ordr", "how do i return my order"),
        ("Wherre is it", "where is it"),
        ("with alcohl", "with alcohol"),
        pytest.param("my cart", "my cart", id="a word of the language stays"),
        pytest.param("eactivate it", "eactivate it", id="the first letter is right"),
        pytest.param("klarna", "klarna", id="a name like no other word stays"),
        pytest.param("zolaris", "zolaris", id="no word is taken for a name"),
        pytest.param("my Parcle", "my Parcle", id="a capital within a sentence is a name's"),
        pytest.param("lsoe", "lose", id="two letters swapped before another kind of error"),
        pytest.param("my ordr alam", "my order alarm", id="a rare word of the language"),
        pytest.param("losr", "lost", id="two words of the language fit: the commoner"),
        pytest.param("crd", "crd", id="too short to tell"),
        pytest.param("dont caert", "dont cart", id="a negation stays one"),
        pytest.param("paarcell", "paarcell", id="two errors are too many"),
        pytest.param("cards2 x1", "card2 x1", id="digits are left alone"),
        pytest.param("怎么付款", "怎么付款", id="another script"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_typing_error_is_corrected(question, corrected):
    assert SPELLING.correct(question).text == corrected


def test_what_was_corrected_is_known():
    changes = SPELLING.correct("retrun with Alcohl? retrun").changes

    assert [change.as_dict() for change in changes] == [
        {"from": "retrun", "to": "return"},
        {"from": "retrun", "to": "return"},
    ]


def test_the_commonest_word_of_the_release_wins():
    assert Spelling(["lost", "lost", "last"], language_words={}).correct("lxst").text == "lost"
