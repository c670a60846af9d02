"""Policies fitted for a release: made with it, stored with it, and recomputable from the reply."""

from __future__ import annotations

import io
import json
from math import exp, log
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assistant import wiring
from assistant.management.commands.evaluate import read_labelled
from assistant.models import EvaluationRun, FittedPolicy, Label
from audit.models import Record
from faq.models import CategoryRule, Faq, Release
from faq.releases.publishing import publish
from faq.releases.rollback import roll_back

pytestmark = pytest.mark.django_db

QUESTIONS = "data/questions.csv"
PRECISION = 0.85
"""At the default, one more or less right of the demo's few questions decides what is stored."""


def run(*arguments, **options) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def ask(client, message, **fields):
    return client.post("/ask", {"message": message, **fields}, format="json").json()


@pytest.fixture
def customer(as_role):
    return as_role("customer")


def recomputed(reply) -> str:
    """The outcome, worked out from nothing but the reply, as docs/calibration.md explains."""
    decision = reply["decision"]
    features, policy = decision["features"], decision["policy"]
    if features["exact"]:
        return "answered"
    similar = features["similarity"] >= decision["threshold"]
    ahead = features["lead"] is None or features["lead"] >= decision["margin"]
    if similar and ahead:
        return "answered"
    weights = policy["coefficients"]
    logit = weights["bias"] + weights["similarity"] * features["similarity"]
    logit += weights["lead"] * features["lead"]
    if "log_vote" in weights:
        logit += weights["log_vote"] * log(max(features["vote"] or 0.0, 0.000335))
    confidence = 1 / (1 + exp(-logit))
    assert confidence == pytest.approx(decision["confidence"], abs=1e-6)
    if confidence >= policy["answer_at"]:
        return "answered"
    return "clarify" if similar or confidence >= policy["ask_at"] else "unanswered"


@pytest.mark.parametrize(
    "question",
    [
        "How do I reset my password?",
        "i lost my pasword",
        "where is my stuff",
        "send a present to my friend",
        "refund",
        "what is the capital of France?",
        "do you sell cars?",
        "delivery to my neighbour, and how much is it",
    ],
)
def test_a_person_can_recompute_the_outcome_from_the_reply_alone(customer, question):
    reply = ask(customer, question)

    assert reply["decision"]["policy"]["name"] == "release"
    assert reply["outcome"] == recomputed(reply)


def test_an_option_is_an_faqs_own_question_with_its_similarity_and_confidence(customer):
    reply = ask(customer, "delivery")

    assert reply["outcome"] == "clarify"
    assert 2 <= len(reply["options"]) <= 3
    for option in reply["options"]:
        assert option["question"] == Faq.objects.get(slug=option["faq_id"]).question
        assert 0 < option["confidence"] < 1


def test_a_choice_among_the_options_answers_and_is_stored_as_a_label(customer):
    picked = ask(customer, "delivery")["options"][1]["faq_id"]

    reply = ask(customer, "delivery", choice=picked)

    assert (reply["outcome"], reply["faq_id"]) == ("answered", picked)
    label = Label.objects.get(source=Label.CHOICE)
    assert (label.question, label.expected) == ("delivery", [picked])


def test_a_pick_that_was_never_offered_is_no_example(customer):
    ask(customer, "How do I reset my password?", choice="gift-wrap")

    assert not Label.objects.exists()


def test_the_same_release_and_data_give_the_same_policy_bit_for_bit():
    live = Release.objects.live()
    faq = Faq.objects.get(slug="reset-password")
    answer = faq.answer
    for text in ("Changed.", answer):
        Faq.objects.filter(pk=faq.pk).update(answer=text)
        created = publish(actor="tester")

    assert created.number == 3
    assert created.policy == live.policy


def test_rolling_back_brings_the_policy_back_as_well():
    first = Release.objects.live()
    Faq.objects.filter(slug="reset-password").update(question="Something else entirely?")
    second = publish(actor="tester")

    created = roll_back(first, actor="tester")

    assert second.policy != first.policy
    assert created.policy == first.policy


def test_an_faqs_own_threshold_wins_over_its_categorys_and_both_over_the_policys(customer):
    question = "please reset the password for me"
    reply = ask(customer, question)
    assert (reply["outcome"], reply["decision"]["threshold_from"]) == ("answered", "policy")

    CategoryRule.objects.create(category="account", threshold=0.99)
    publish(actor="tester")
    reply = ask(customer, question)
    assert (reply["outcome"], reply["decision"]["threshold_from"]) != ("answered", "policy")
    assert reply["decision"]["threshold"] == 0.99

    Faq.objects.filter(slug="reset-password").update(threshold=0.0)
    publish(actor="tester")
    reply = ask(customer, question)
    assert (reply["outcome"], reply["decision"]["threshold_from"]) == ("answered", "faq")


def test_a_threshold_of_1_never_answers_unless_the_question_is_the_phrasing_itself(customer):
    Faq.objects.filter(slug="reset-password").update(threshold=1.0)
    publish(actor="tester")

    assert ask(customer, "how to reset my password now")["outcome"] != "answered"
    assert ask(customer, "How do I reset my password?")["decision"]["reason"] == "exact"


def test_evaluate_prints_the_results_and_stores_the_run():
    printed = run("evaluate", QUESTIONS)

    assert printed.startswith("113 questions on release 1, policy release")
    stored = EvaluationRun.objects.get()
    assert stored.numbers["coverage"]["total"] == 90
    assert len(stored.questions) == 113


def test_evaluate_prints_the_changes_since_the_last_run():
    run("evaluate", QUESTIONS)
    Faq.objects.create(slug="parcel", question="has my package left yet", answer="So.")
    publish(actor="tester")

    printed = json.loads(run("evaluate", QUESTIONS, json=True))

    assert printed["changes"]
    assert set(printed["changes"][0]) == {"question", "before", "after"}


def test_evaluate_is_a_gate(tmp_path):
    with pytest.raises(CommandError, match="coverage .* is below 99.0%"):
        run("evaluate", QUESTIONS, min_coverage=0.99)
    assert run("evaluate", QUESTIONS, min_coverage=0.2, min_precision=0.6)


def test_evaluate_draws_the_curve(tmp_path):
    run("evaluate", QUESTIONS, plot=tmp_path / "curve.png")

    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_evaluate_names_the_row_of_an_unknown_id(tmp_path):
    path = tmp_path / "questions.csv"
    path.write_text("query,expected_id\nwhere?,no-such-faq\n")

    with pytest.raises(CommandError, match="row 2, expected_id: there is no published FAQ"):
        run("evaluate", path)


def test_calibrate_makes_a_release_that_decides_with_the_new_policy(customer):
    printed = run("calibrate", QUESTIONS, precision=PRECISION, adopt=True)

    live = Release.objects.live()
    assert f"Release {live.number} is live with the new policy." in printed
    assert live.number == 2
    assert live.contents() == Release.objects.get(number=1).contents()
    stored = FittedPolicy.objects.get(digest=live.policy)
    assert stored.report["kept"] is True
    reply = ask(customer, "i lost my pasword")
    assert reply["release"] == 2
    assert reply["decision"]["policy"]["answer_at"] == stored.numbers["answer_at"]


def test_calibrate_refuses_too_little_data_and_says_how_much_is_missing(tmp_path):
    path = tmp_path / "questions.csv"
    path.write_text("query,expected_id\nwhere is it?,track-order\n")

    with pytest.raises(CommandError, match="too few labelled questions: 49 more"):
        run("calibrate", path)

    assert not Label.objects.exists()
    assert Release.objects.count() == 1


def test_a_dry_run_of_calibrate_changes_nothing():
    run("calibrate", QUESTIONS, precision=PRECISION, dry_run=True)

    assert Release.objects.count() == 1
    assert not Label.objects.exists()


def test_calibrate_stores_labels_only_if_asked_and_adopts_only_if_asked():
    printed = run("calibrate", QUESTIONS, precision=PRECISION)

    assert "The current policy stays. Add --adopt to use the new one." in printed
    assert Release.objects.count() == 1
    assert not Label.objects.exists()

    run("calibrate", QUESTIONS, precision=PRECISION, keep_labels=True)

    assert Label.objects.count() == 113
    assert Release.objects.count() == 1


def test_stored_labels_change_no_policy_before_one_is_adopted():
    first = Release.objects.live()
    questions = read_labelled(Path(QUESTIONS), wiring.live().current())
    Label.objects.replace_source(questions, source=QUESTIONS, by="tester")
    Faq.objects.filter(slug="reset-password").update(answer="Changed.")

    created = publish(actor="tester")

    assert not FittedPolicy.objects.get(digest=created.policy).is_calibrated
    assert created.policy != first.policy


def test_an_adopted_policy_stays_calibrated_in_later_releases_until_it_is_dropped():
    run("calibrate", QUESTIONS, precision=PRECISION, adopt=True)
    adopted = FittedPolicy.objects.get(digest=Release.objects.live().policy)
    Faq.objects.create(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")

    later = FittedPolicy.objects.get(digest=publish(actor="tester").policy)

    assert later.is_calibrated
    assert later.numbers == adopted.numbers
    assert later.report["numbers_of"] == adopted.digest

    run("calibrate", drop=True)

    live = Release.objects.live()
    assert not FittedPolicy.objects.get(digest=live.policy).is_calibrated
    assert Record.objects.filter(action="policy.dropped").exists()


def test_a_policy_of_another_knowledge_base_is_not_carried_over():
    run("calibrate", QUESTIONS, precision=PRECISION, adopt=True)
    Faq.objects.exclude(slug="reset-password").update(retired=True)
    for number in range(3):
        Faq.objects.create(slug=f"new-{number}", question=f"New thing {number}?", answer="So.")

    created = publish(actor="tester")

    assert not FittedPolicy.objects.filter(digest=created.policy, report__kept=True).exists()


def test_labels_of_another_knowledge_base_do_not_count():
    Label.objects.create(source="demo.csv", question="where is it", expected=["track-order"])
    Label.objects.create(source="demo.csv", question="do you sell penguins", expected=[])
    Label.objects.create(source="desk", question="do you repair clocks", expected=[])

    here = Label.objects.counting_for(["track-order", "reset-password"])
    elsewhere = Label.objects.counting_for(["opening-hours"])

    assert [label.source for label in here] == ["demo.csv", "demo.csv", "desk"]
    assert [label.source for label in elsewhere] == ["desk"]


def test_compare_policies_prints_every_policy_side_by_side():
    printed = run(
        *("compare_policies", "data/faq.csv", "--take", "3"),
        *("--calibrate-on", QUESTIONS, "--report-on", QUESTIONS),
    )

    names = [line[:28].strip() for line in printed.splitlines()[1:]]
    assert names[0] == "threshold 0.7 only"
    assert [name.split(",")[0].split(" at ")[0] for name in names] == [
        *("threshold 0.7 only", "best threshold only", "shipped numbers only"),
        *("shipped default", "calibrated"),
    ]
