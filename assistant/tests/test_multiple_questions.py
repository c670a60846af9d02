"""Several sentences in one message: each question answered, or asked back where they disagree."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from assistant.decision.decision import Decision, Part, decide
from assistant.decision.matches import Match
from assistant.decision.multiple_questions import combine
from assistant.decision.policy import ConfidencePolicy
from assistant.decision.reasons import Reason


def decided(**similarities: float) -> Decision:
    matches = [
        Match(faq_id, f"{faq_id}?", similarity) for faq_id, similarity in similarities.items()
    ]
    return decide(matches, ConfidencePolicy())


SURE_OF_A = Part("first?", decided(a=0.9, c=0.3))
SURE_OF_B = Part("second?", decided(b=0.9, c=0.3))
UNSURE_OF_B = Part("second?", decided(b=0.55, c=0.5))
GUESS_OF_A = Part("first?", decided(a=0.5, d=0.45))
LOST = Part("second?", decided(c=0.1, d=0.09))
UNSURE_WHOLE = decided(a=0.6, b=0.59, c=0.3)
LOST_WHOLE = decided(c=0.2, d=0.19)


def states(part: Part) -> Part:
    return Part(part.question, part.decision, asks=False)


def test_two_clear_questions_are_both_answered_in_order():
    decision = combine(UNSURE_WHOLE, [SURE_OF_B, SURE_OF_A])

    assert decision.reason is Reason.EACH_QUESTION
    assert [part.decision.chosen.faq_id for part in decision.answers] == ["b", "a"]


def test_one_answer_is_given_and_says_which_question_it_answers():
    decision = combine(UNSURE_WHOLE, [LOST, SURE_OF_A])

    assert decision.chosen == SURE_OF_A.decision.chosen
    assert decision.part == "first?"


def test_two_questions_about_one_faq_are_answered_once():
    decision = combine(UNSURE_WHOLE, [SURE_OF_A, Part("again?", SURE_OF_A.decision)])

    assert decision.chosen == SURE_OF_A.decision.chosen
    assert decision.answers == ()


def test_a_question_and_a_message_that_disagree_are_asked_back():
    decision = combine(decided(a=0.9, c=0.3), [SURE_OF_B])

    assert decision.reason is Reason.DISAGREEMENT
    assert [option.faq_id for option in decision.options][:2] == ["b", "a"]


def test_so_are_those_where_the_question_only_leads_elsewhere():
    decision = combine(decided(a=0.9, c=0.3), [Part("?", decided(b=0.55, c=0.5, d=0.2, e=0.1))])

    assert decision.reason is Reason.DISAGREEMENT
    assert [option.faq_id for option in decision.options][:2] == ["b", "a"]


def test_two_guesses_are_both_offered():
    decision = combine(LOST_WHOLE, [GUESS_OF_A, UNSURE_OF_B])

    assert decision.reason is Reason.SEVERAL_QUESTIONS
    assert [option.faq_id for option in decision.options][:2] == ["a", "b"]


def test_the_main_sentence_of_a_story_is_answered():
    story = [states(LOST), states(LOST), states(SURE_OF_A)]

    assert combine(LOST_WHOLE, story).chosen == SURE_OF_A.decision.chosen
    assert combine(LOST_WHOLE, story[1:]).chosen is None


def test_the_main_sentence_may_be_much_closer_to_its_faq_than_the_others():
    rain = states(Part("It was raining", decided(b=0.5, c=0.2)))
    sure_of_rain = replace(rain, decision=replace(rain.decision, reason=Reason.CONFIDENT))

    assert combine(LOST_WHOLE, [sure_of_rain, rain, states(SURE_OF_A)]).chosen == (
        SURE_OF_A.decision.chosen
    )
    assert combine(LOST_WHOLE, [sure_of_rain, states(SURE_OF_A), rain]).chosen is None


def test_two_statements_that_faqs_are_about_are_asked_back():
    decision = combine(LOST_WHOLE, [states(SURE_OF_A), states(SURE_OF_B)])

    assert decision.reason is Reason.SEVERAL_QUESTIONS
    assert [option.faq_id for option in decision.options][:2] == ["a", "b"]


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        pytest.param(decided(a=0.9, c=0.3), [], id="one sentence"),
        pytest.param(decided(a=0.9, c=0.3), [LOST], id="a question that needs the rest"),
        pytest.param(decided(a=0.9, c=0.3), [GUESS_OF_A, UNSURE_OF_B], id="clearer than its parts"),
        pytest.param(LOST_WHOLE, [LOST, LOST], id="nothing is clear"),
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


def test_the_reply_has_what_was_decided_about_each_question():
    payload = json.loads(json.dumps(combine(UNSURE_WHOLE, [SURE_OF_A, SURE_OF_B]).as_dict()))

    assert [(part["question"], part["reason"]) for part in payload["parts"]] == [
        ("first?", "confident"),
        ("second?", "confident"),
    ]
    assert payload["parts"][0]["features"]["similarity"] == 0.9
