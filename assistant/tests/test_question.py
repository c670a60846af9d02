"""What of a message is asked: without greeting and thanks, mended, and question by question."""

from __future__ import annotations

import json
import time

import pytest

from assistant.decision.decision import Decision, Match, Part, Reason, decide
from assistant.decision.multiple_questions import combine
from assistant.decision.policy import ConfidencePolicy
from assistant.text.questions import split, strip_pleasantries
from assistant.text.spelling import Spelling


@pytest.mark.parametrize(
    ("message", "asked"),
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
        ("  where\u200b is \t my   order ", "where is my order"),
        ("\uff37\uff28\uff25\uff32\uff25 is it", "WHERE is it"),
        pytest.param("hello", "hello", id="nothing but a greeting stays"),
        pytest.param("thank you!", "thank you!", id="nothing but thanks stays"),
        pytest.param("How are you?", "How are you?", id="so does a greeting that asks"),
        pytest.param("hi-fi speakers", "hi-fi speakers", id="no greeting"),
        pytest.param("history of my orders", "history of my orders", id="a word that begins so"),
        pytest.param("how are you regulated", "how are you regulated", id="a question after all"),
        pytest.param("thanks card", "thanks card", id="thanks in front"),
        pytest.param("\U0001f621\U0001f621", "\U0001f621\U0001f621", id="emoji only"),
        pytest.param("   ", "", id="blank"),
    ],
)
def test_what_is_not_part_of_the_question_goes(message, asked):
    assert strip_pleasantries(message) == asked


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        (
            "How do I reset my password? And where is my order?",
            ("How do I reset my password?", "where is my order?"),
        ),
        (
            "how do i return this and when do i get my money back",
            ("how do i return this", "when do i get my money back"),
        ),
        (
            "I lost my card. What should I do? Also, how do I top up?",
            ("I lost my card. What should I do?", "how do I top up?"),
        ),
        (
            "where is my order\ncan i change the address",
            ("where is my order", "can i change the address"),
        ),
        (
            "Can I pay later? Is there a fee? I am a student.",
            ("Can I pay later?", "Is there a fee? I am a student."),
        ),
        pytest.param("Where is my order?", (), id="one question"),
        pytest.param("I lost my card. What should I do?", (), id="a story and one question"),
        pytest.param("My card is lost. It was blue.", (), id="no question"),
        pytest.param("terms and conditions", (), id="a plain and"),
        pytest.param("Really? Why?", (), id="single words"),
        pytest.param(" ".join(["Where is it?"] * 4), (), id="a letter"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_two_questions_are_told_apart(message, questions):
    assert split(message) == questions


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(text * (4000 // len(text)), id=repr(text))
        for text in (
            *(
                " ",
                ",",
                "!",
                "?",
                "hi ",
                "hi, ",
                "-",
                "- ",
                "thanks ",
                ", thanks",
                ";",
                "\n",
                "\n ",
            ),
            *(
                "and ",
                "and how ",
                "a",
                "a? ",
                "how are you? ",
                "hope you are well ",
                "\u200b",
                "😡",
            ),
        )
    ],
)
def test_four_thousand_characters_take_no_time(message):
    started = time.perf_counter()

    split(strip_pleasantries(message))

    assert time.perf_counter() - started < 0.5


# Spelling

SPELLING = Spelling(
    ["How do I return my order?", "Where is my parcel?", "deactivate my card", "returns"],
    known={"how", "cart", "reactivate", "retired"},
)


@pytest.mark.parametrize(
    ("question", "mended"),
    [
        ("where is my parcle", "where is my parcel"),
        ("how do i retrun my ordr", "how do i return my order"),
        ("Wherre is it", "where is it"),
        pytest.param("my cart", "my cart", id="a word of the language stays"),
        pytest.param("eactivate it", "eactivate it", id="the first letter is never mended"),
        pytest.param("klarna", "klarna", id="a name like no other word stays"),
        pytest.param("crd", "crd", id="too short to tell"),
        pytest.param("paarcell", "paarcell", id="two slips are too many"),
        pytest.param("cards2 x1", "card2 x1", id="digits are left alone"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_slip_is_mended_with_a_word_of_the_release(question, mended):
    assert SPELLING.correct(question) == mended


def test_the_commonest_word_wins():
    spelling = Spelling(["lost", "lost", "last"], known=())

    assert spelling.correct("lxst") == "lost"


# Several questions in one message


def decided(**similarities: float) -> Decision:
    found = [Match(faq_id, f"{faq_id}?", similarity) for faq_id, similarity in similarities.items()]
    return decide(found, ConfidencePolicy())


SURE_OF_A = Part("first?", decided(a=0.9, c=0.3))
SURE_OF_B = Part("second?", decided(b=0.9, c=0.3))
UNSURE_OF_B = Part("second?", decided(b=0.55, c=0.5))
GUESS_OF_A = Part("first?", decided(a=0.5, d=0.45))
LOST = Part("second?", decided(c=0.1, d=0.09))
UNSURE_WHOLE = decided(a=0.6, b=0.59, c=0.3)


def test_two_answers_are_both_offered():
    decision = combine(UNSURE_WHOLE, [SURE_OF_A, SURE_OF_B])

    assert decision.reason is Reason.SEVERAL_QUESTIONS
    assert [option.faq_id for option in decision.options] == ["a", "b", "c"]
    assert decision.chosen is None


def test_one_answer_is_given_and_says_which_question_it_answers():
    decision = combine(UNSURE_WHOLE, [LOST, SURE_OF_A])

    assert decision.chosen == SURE_OF_A.decision.chosen
    assert decision.part == "first?"


def test_two_questions_about_one_faq_are_answered_once():
    again = Part("again?", SURE_OF_A.decision)

    decision = combine(UNSURE_WHOLE, [SURE_OF_A, again])

    assert decision.chosen == SURE_OF_A.decision.chosen


def test_two_guesses_are_both_offered():
    decision = combine(decided(c=0.2, d=0.19), [GUESS_OF_A, UNSURE_OF_B])

    assert decision.reason is Reason.SEVERAL_QUESTIONS
    assert [option.faq_id for option in decision.options][:2] == ["a", "b"]


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        pytest.param(decided(a=0.9, c=0.3), [], id="one question"),
        pytest.param(decided(a=0.9, c=0.3), [LOST, UNSURE_OF_B], id="the message is clear"),
        pytest.param(decided(a=0.9, c=0.3), [GUESS_OF_A, UNSURE_OF_B], id="clearer than its parts"),
        pytest.param(decided(c=0.2, d=0.19), [LOST, LOST], id="nothing is"),
        pytest.param(
            decide([Match("a", "a?", 0.5, exact=True)], ConfidencePolicy()),
            [SURE_OF_A, SURE_OF_B],
            id="the message is itself a phrasing",
        ),
    ],
)
def test_otherwise_the_message_is_decided_as_a_whole(whole, parts):
    decision = combine(whole, parts)

    assert (decision.reason, decision.chosen, decision.ranked) == (
        whole.reason,
        whole.chosen,
        whole.ranked,
    )


def test_the_reply_tells_what_was_decided_about_each_question():
    told = json.loads(json.dumps(combine(UNSURE_WHOLE, [SURE_OF_A, SURE_OF_B]).as_dict()))

    assert [(part["question"], part["reason"]) for part in told["parts"]] == [
        ("first?", "confident"),
        ("second?", "confident"),
    ]
    assert told["parts"][0]["features"]["similarity"] == 0.9
