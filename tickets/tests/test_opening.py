"""Before a ticket is made: FAQs that may answer it, and keys that make a retry harmless."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from assistant.releases import ticket_knowledge
from audit.models import Record
from faq.models import Faq
from tickets.models import Ticket

QUESTION = "How can I reset my password?"


def post(client, key=None, **fields):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/tickets", fields, format="json", headers=headers)


@pytest.mark.django_db
def test_a_ticket_is_made_with_the_faqs_that_may_answer_it_beside_it(as_role):
    reply = post(as_role("customer"), user_id="u1", message=QUESTION)

    assert reply.status_code == 201
    body = reply.json()
    assert (body["result"], body["id"]) == ("created", Ticket.objects.get().pk)
    assert body["suggestions"][0]["faq_id"] == "reset-password"
    assert "Forgot password" in body["suggestions"][0]["answer"]
    assert Record.objects.get(action="ticket.offered").data["faqs"] == ["reset-password"]


@pytest.mark.django_db
def test_faqs_that_may_answer_are_shown_first_on_request(as_role):
    reply = post(as_role("customer"), message=QUESTION, suggest=True)

    assert reply.status_code == 200
    body = reply.json()
    assert (body["result"], body["id"]) == ("suggested", None)
    assert body["suggestions"][0]["faq_id"] == "reset-password"
    assert not Ticket.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("audiences", "offered"),
    [
        pytest.param([], [], id="somebody it is not for"),
        pytest.param(["partners"], [], id="another audience"),
        pytest.param(["staff"], ["parking-staff"], id="its audience"),
    ],
)
def test_only_published_faqs_for_the_caller_are_offered(as_role, audiences, offered):
    question = "Where may I park my truck?"
    Faq.objects.create(slug="parking-staff", question=question, answer="Yard 2", audience="staff")
    call_command("publish", verbosity=0)
    Faq.objects.create(slug="parking-draft", question=f"{question} Where?", answer="Not decided.")

    reply = post(as_role("customer", audiences=audiences), message=question)

    response = reply.json().get("suggestions", [])
    assert [faq["faq_id"] for faq in response] == offered
    assert reply.status_code == 201
    assert "Not decided" not in reply.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="whatever FAQs there are"),
        pytest.param({"suggest": True}, id="no FAQ is close to it"),
    ],
)
def test_a_ticket_is_made_at_once(as_role, fields):
    reply = post(as_role("customer"), message="What is the capital of France?", **fields)

    assert reply.status_code == 201
    assert reply.json()["suggestions"] == []
    assert reply.json()["id"] == Ticket.objects.get().pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("question", "reason"), [(QUESTION, "unhelpful"), ("capital of France?", "unanswered")]
)
def test_after_an_ask_nothing_is_offered_twice_and_the_reason_is_known(as_role, question, reason):
    client = as_role("customer")
    ask_id = client.post("/ask", {"message": question}, format="json").json()["ask_id"]

    reply = post(client, message=question, ask_id=ask_id)

    assert (reply.status_code, reply.json()["reason"]) == (201, reason)


@pytest.mark.django_db
def test_without_the_knowledge_base_a_person_can_still_be_reached(as_role, monkeypatch):
    def broken(question, **_):
        raise RuntimeError("no model")

    monkeypatch.setattr(ticket_knowledge, "suggestions", broken)

    reply = post(as_role("customer"), message=QUESTION, suggest=True)

    assert (reply.status_code, reply.json()["suggestions"]) == (201, [])


@pytest.mark.django_db
def test_a_retried_post_is_one_ticket(as_role):
    client, body = as_role("customer"), {"message": "Where is it?"}

    first, again = post(client, "k1", **body), post(client, "k1", **body)
    # This key has its ticket: nothing is shown first.
    unasked = post(client, "k1", **{**body, "suggest": True})

    assert [reply.status_code for reply in (first, again, unasked)] == [201] * 3
    assert len({reply.json()["id"] for reply in (first, again, unasked)}) == 1
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_a_key_belongs_to_its_caller_and_to_what_was_sent_with_it(as_role):
    body = {"message": "Where is it?"}
    post(as_role("customer"), "k1", **body)

    other = post(as_role("customer", subject="u2"), "k1", **body)
    changed = post(as_role("customer"), "k1", **{**body, "message": "Where is that?"})
    long = post(as_role("customer"), "k" * 201, **body)

    assert (other.status_code, changed.status_code, long.status_code) == (201, 422, 400)
    assert Ticket.objects.count() == 2
