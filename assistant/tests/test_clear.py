"""A decision made at a glance counts only where it has room for what a glance may be off by."""

from __future__ import annotations

import pytest

from assistant.clear import SLACK, is_clear
from assistant.deciding import consider
from assistant.decision import Match, Reason, decide
from assistant.policy import Coefficients, ConfidencePolicy, CosinePolicy, Override, Overrides

COSINE = CosinePolicy(threshold=0.7, margin=0.1)
LITTLE, ENOUGH = SLACK / 2, SLACK * 2


def matches(first, second=None, **of_first):
    found = [Match("first", "a phrasing", first, **of_first)]
    return found if second is None else [*found, Match("second", "another", second)]


def clear(found, policy=COSINE):
    return is_clear(decide(found, policy), policy)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param(0.9, 0.3, True, id="far above the threshold and far ahead"),
        pytest.param(0.7 + ENOUGH, 0.3, True, id="above the threshold with room"),
        pytest.param(0.7 + LITTLE, 0.3, False, id="above the threshold by a hair"),
        pytest.param(0.7 - LITTLE, 0.3, False, id="below the threshold by a hair"),
        pytest.param(0.7 - ENOUGH, 0.3, True, id="below the threshold with room"),
        pytest.param(0.9, 0.8 + LITTLE, False, id="lacks a hair of the margin"),
        pytest.param(0.9, 0.8 - LITTLE, False, id="has the margin by a hair"),
        pytest.param(0.9, 0.9 - LITTLE, False, id="another FAQ may be the first"),
        pytest.param(0.9, 0.86, True, id="asks back with room on both sides"),
        pytest.param(0.9, None, True, id="no other FAQ"),
    ],
)
def test_a_similarity_needs_room_to_every_bound(first, second, expected):
    assert clear(matches(first, second)) is expected


def test_an_exact_phrasing_is_clear_whatever_its_vector():
    assert clear(matches(0.7, 0.7, exact=True))


def test_no_match_is_clear():
    assert clear([])


def test_a_threshold_of_the_faq_itself_is_what_room_is_measured_to():
    own = CosinePolicy(
        threshold=0.5, overrides=Overrides(faqs={"first": Override(threshold=0.8 - LITTLE)})
    )

    assert not clear(matches(0.8, 0.2), own)
    assert clear(matches(0.8, 0.2), CosinePolicy(threshold=0.5))


VOTES = Coefficients(similarity=0.0, lead=0.0, bias=3.0, log_vote=2.0)


@pytest.mark.parametrize(
    ("room", "expected"),
    [pytest.param(0.2, True, id="with room"), pytest.param(0.001, False, id="by a hair")],
)
def test_a_vote_needs_room_as_well(room, expected):
    found = matches(0.6, 0.5, vote=0.5)
    confidence = VOTES.confidence(0.6, 0.1, 0.5)
    policy = ConfidencePolicy(answer_at=confidence - room, ask_at=0.01, coefficients=VOTES)

    assert clear(found, policy) is expected


def test_the_rival_of_a_lead_counts_though_a_vote_puts_it_last():
    found = [
        Match("first", "a", 0.9, vote=0.8),
        Match("second", "b", 0.2, vote=0.1),
        Match("third", "c", 0.8 - LITTLE, vote=0.001),
    ]
    policy = ConfidencePolicy(threshold=0.7, margin=0.1, answer_at=1.0, coefficients=VOTES)

    assert not clear(found, policy)


# Which of the two looks is taken.


class Looks:
    """Tells what each look would find, and which were taken."""

    def __init__(self, glance, exact):
        self.found = {"glance": glance, "exact": exact}
        self.taken = []

    def look(self, kind):
        def find(text):
            self.taken.append(kind)
            return self.found[kind]

        return find

    def consider(self, message="Where is it?"):
        return consider(
            message,
            COSINE,
            self.look("exact"),
            glance=self.look("glance"),
            english_only=True,
        )


def test_what_is_clear_at_a_glance_is_not_looked_at_again():
    looks = Looks(glance=matches(0.9, 0.3), exact=[])

    decision = looks.consider()

    assert (decision.reason, decision.glanced) == (Reason.CONFIDENT, True)
    assert decision.as_dict()["glanced"] is True
    assert looks.taken == ["glance"]


def test_what_is_not_clear_is_decided_by_the_exact_vector_alone():
    looks = Looks(glance=matches(0.7 + LITTLE, 0.3), exact=matches(0.7 - LITTLE, 0.3))

    decision = looks.consider()

    assert (decision.reason, decision.glanced) == (Reason.BELOW_THRESHOLD, False)
    assert looks.taken == ["glance", "exact"]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("Where is it? What does shipping cost?", id="several questions"),
        pytest.param("Wo ist mein Paket geblieben, bitte?", id="another language"),
    ],
)
def test_a_message_that_is_not_one_english_question_is_never_glanced_at(message):
    looks = Looks(glance=matches(0.9, 0.3), exact=matches(0.9, 0.3))

    assert not looks.consider(message).glanced
    assert "glance" not in looks.taken


def test_where_nobody_can_glance_the_exact_vector_decides():
    looks = Looks(glance=None, exact=matches(0.9, 0.3))

    assert not looks.consider().glanced
