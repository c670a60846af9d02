"""POST /asks/{ask_id}/feedback, and rejecting all options of a reply."""

from __future__ import annotations

import csv
import io
import json
import uuid

import pytest
from django.core.management import call_command

from assistant.models import Feedback
from audit.models import Record

pytestmark = pytest.mark.django_db

UNCLEAR_QUESTION = "how do i return a parcel and get my money back"


@pytest.fixture
def customer(as_role):
    return as_role("customer")


def ask(client, message, **fields):
    reply = client.post("/ask", {"message": message, **fields}, format="json")
    assert reply.status_code == 200
    return reply.json()


def rate(client, ask_id, **fields):
    return client.post(f"/asks/{ask_id}/feedback", fields, format="json")


def test_the_person_who_asked_rates_the_reply(customer):
    answer = ask(customer, "How do I reset my password?")

    reply = rate(
        customer, answer["ask_id"], helpful=False, reason="outdated", comment="The link is gone."
    )

    assert reply.status_code == 200
    assert reply.json() == {
        "ask_id": answer["ask_id"],
        "helpful": False,
        "reason": "outdated",
        "comment": "The link is gone.",
    }
    feedback = Feedback.objects.get()
    assert (feedback.faq_id, feedback.outcome, feedback.release) == (
        *("reset-password", "answered", 1),
    )
    audit_record = Record.objects.all().about("ask", answer["ask_id"]).get(action="ask.rated")
    assert audit_record.data["reason"] == "outdated"


def test_a_second_rating_replaces_the_first(customer):
    ask_id = ask(customer, "How do I reset my password?")["ask_id"]

    rate(customer, ask_id, helpful=False, reason="wrong")
    rate(customer, ask_id, helpful=True)

    feedback = Feedback.objects.get()
    assert (feedback.helpful, feedback.reason) == (True, "")
    assert Record.objects.all().about("ask", ask_id).filter(action="ask.rated").count() == 2


def test_nobody_rates_the_ask_of_somebody_else(customer, as_role):
    ask_id = ask(customer, "How do I reset my password?")["ask_id"]

    assert rate(as_role("customer", subject="u2"), ask_id, helpful=True).status_code == 404
    assert rate(customer, uuid.uuid4(), helpful=True).status_code == 404
    assert not Feedback.objects.exists()


def test_a_service_rates_for_the_person_who_asked(customer, as_role):
    ask_id = ask(customer, "How do I reset my password?")["ask_id"]
    service = as_role("service", subject="widget")

    assert rate(service, ask_id, helpful=True).status_code == 404
    assert rate(service, ask_id, helpful=True, user_id="u1").status_code == 200


def test_a_customer_rates_for_nobody_else(customer):
    ask_id = ask(customer, "How do I reset my password?")["ask_id"]

    assert rate(customer, ask_id, helpful=True, user_id="u2").status_code == 403


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "helpful"),
        ({"helpful": False, "reason": "boring"}, "reason"),
        ({"helpful": True, "reason": "wrong"}, "reason"),
        ({"helpful": False, "comment": "x" * 2001}, "comment"),
    ],
)
def test_a_bad_rating_is_refused_by_its_field(customer, fields, field):
    ask_id = ask(customer, "How do I reset my password?")["ask_id"]

    reply = rate(customer, ask_id, **fields)

    assert reply.status_code == 400
    assert field in reply.content.decode()
    assert not Feedback.objects.exists()


def test_a_comment_is_masked_and_goes_with_its_person_while_the_rating_stays(customer):
    ask_id = ask(customer, "How do I reset my password?")["ask_id"]
    rate(customer, ask_id, helpful=False, comment="Write to jo@example.com")
    assert Feedback.objects.get().comment == "Write to [EMAIL]"

    call_command("audit_erase", "u1")

    feedback = Feedback.objects.get()
    assert (feedback.helpful, feedback.comment, feedback.user_id) == (False, "", "")


def test_decisions_are_byte_equal_before_and_after_a_hundred_votes(customer):
    question = "what is the smallest order you take"
    first = ask(customer, question)
    rate(customer, first["ask_id"], helpful=False)
    vote = Feedback.objects.get()
    Feedback.objects.bulk_create(
        Feedback(
            ask_id=uuid.uuid4(),
            **{name: getattr(vote, name) for name in ("outcome", "faq_id", "release", "asked")},
            helpful=False,
        )
        for _ in range(99)
    )

    second = ask(customer, question)

    for reply in (first, second):
        del reply["ask_id"], reply["decision"]["path"]
    assert json.dumps(second).encode() == json.dumps(first).encode()


def test_none_of_the_options_leads_to_a_person_and_to_no_other_options(customer):
    assert ask(customer, UNCLEAR_QUESTION)["outcome"] == "clarify"

    reply = ask(customer, UNCLEAR_QUESTION, choice="none")

    assert (reply["outcome"], reply["answer"]) == ("unanswered", None)
    assert (reply["options"], reply["nearest"]) == ([], [])
    assert reply["decision"]["reason"] == "none_of_these"
    assert reply["ticket"]["ask_id"] == reply["ask_id"]
    audit_record = Record.objects.all().about("ask", reply["ask_id"]).get()
    assert audit_record.data["choice"] == "none"


# --- Export --------------------------------------------------------------------------------------


def exported(capsys, *options):
    call_command("export_feedback", *options)
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.fixture
def three_raters(as_role):
    """Three people rate one answer, and two of them another."""
    for number, helpful in enumerate((True, False, True)):
        client = as_role("customer", subject=f"rater-{number}")
        ask_id = ask(client, "How do I reset my password? I am jo@example.com")["ask_id"]
        rate(client, ask_id, helpful=helpful, **({} if helpful else {"reason": "outdated"}))
        if number:
            rate(client, ask(client, "Is there a minimum order value?")["ask_id"], helpful=True)


def test_rated_questions_are_exported_without_names_and_personal_data(three_raters, capsys):
    rows = exported(capsys)

    assert [(row["expected_id"], row["helpful"], row["reason"]) for row in rows] == [
        ("reset-password", "true", ""),
        ("reset-password", "false", "outdated"),
        ("reset-password", "true", ""),
    ]
    assert {row["query"] for row in rows} == {"How do I reset my password? I am [EMAIL]"}
    assert [row["helpful"] for row in exported(capsys, "--helpful")] == ["true", "true"]


def test_answers_that_fewer_than_three_people_rated_are_not_exported(three_raters, capsys):
    assert "order-limit" not in {row["expected_id"] for row in exported(capsys)}
    call_command("audit_erase", "rater-0", verbosity=0)
    capsys.readouterr()

    assert exported(capsys) == []
