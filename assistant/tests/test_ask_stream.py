"""POST /ask with Accept: text/event-stream."""

from __future__ import annotations

import json
import time

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from rest_framework.test import APIRequestFactory

from assistant.models import AgentDay
from assistant.tests.scripted_model import eventually, hangs, says, searches
from assistant.views import AskView
from audit.models import Record
from supportsite.auth.authentication import issue

QUESTION = "what is the capital of France?"


# The work is done by a thread of its own, with its own connection to the database.
pytestmark = pytest.mark.usefixtures("committed_faqs")


@pytest.fixture
def customer(as_role):
    return as_role("customer")


def ask(client, message=QUESTION, **fields):
    return client.post(
        "/ask", {"message": message, **fields}, format="json", HTTP_ACCEPT="text/event-stream"
    )


def events(reply):
    blocks = b"".join(reply.streaming_content).decode().split("\n\n")
    return [read(block) for block in blocks if block and not block.startswith(":")]


def read(block):
    name, data = block.split("\n", 1)
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_steps_come_first_and_the_last_event_is_the_document_of_a_plain_reply(customer, with_agent):
    model = with_agent()
    model.play(searches("Paris"), says("NONE"))

    reply = ask(customer)
    payload = events(reply)

    assert reply.status_code == 200
    assert reply["Content-Type"] == "text/event-stream"
    assert {name for name, _ in payload[:-1]} == {"step"}
    name, answer = payload[-1]
    assert name == "answer"
    assert [step for _, step in payload[:-1]] == answer["decision"]["path"]

    model.play(searches("Paris"), says("NONE"))
    plain = customer.post("/ask", {"message": QUESTION}, format="json").json()
    assert without_times(answer) == without_times(plain)


def test_an_faqs_answer_streams_too(customer):
    names = [name for name, _ in events(ask(customer, "How do I reset my password?"))]

    assert names == ["step", "step", "answer"]


def test_steps_are_sent_as_they_happen(customer, with_agent):
    model = with_agent(seconds=1.0)
    model.script = lambda request: hangs if request.number else searches("Paris")
    arrived = []

    for part in ask(customer).streaming_content:
        arrived.append((time.monotonic(), part.decode()))

    at = {read(block)[1].get("step", "answer"): when for when, block in arrived if block[0] == "e"}
    assert at["agent"] - at["tool_call"] > 0.8


def test_it_is_recorded_with_the_requests_id_and_caller(customer):
    reply = events(ask(customer, "How do I reset my password?"))

    audit_record = Record.objects.all().about("ask", reply[-1][1]["ask_id"]).get()
    assert audit_record.request_id
    assert audit_record.data["roles"] == ["customer"]


def test_a_closed_connection_stops_the_run_frees_its_place_and_records_no_answer(
    customer, with_agent
):
    model = with_agent(seconds=30, runs_at_once=1)
    model.play(hangs)
    # Without Django's test client, which would close the test's own connection to the database.
    token = issue("u1", ["customer"], seconds=60)
    request = APIRequestFactory(headers={"Authorization": f"Bearer {token}"}).post(
        "/ask", {"message": QUESTION}, format="json", headers={"Accept": "text/event-stream"}
    )
    reply = AskView.as_view()(request)
    parts = iter(reply.streaming_content)
    while not model.requests:
        next(parts)
    assert next(parts) == b": still running\n\n"

    request_finished.disconnect(close_old_connections)
    try:
        reply.close()
    finally:
        request_finished.connect(close_old_connections)

    assert eventually(model.gone.is_set)
    model.play(says("NONE"))
    time.sleep(0.1)
    assert events(ask(customer))[-1][1]["decision"]["path"][-1]["reason"] == "nothing_found"
    # Counted all the same: what was sent was sent.
    assert AgentDay.objects.get().runs == 2
    assert Record.objects.filter(action="question.asked").count() == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"message": " "}, 400, id="a blank question"),
        pytest.param({"category": "no such"}, 400, id="an unknown category"),
        pytest.param({"user_id": "u2"}, 403, id="somebody else's name"),
    ],
)
def test_what_is_wrong_from_the_start_has_its_own_status(customer, fields, status):
    reply = ask(customer, **fields)

    assert reply.status_code == status
    assert reply["Content-Type"] == "application/problem+json"


def test_what_fails_later_is_a_problem_event(customer, monkeypatch):
    monkeypatch.setattr(Record._meta.get_field("action"), "column", "no_such_column")

    reply = events(ask(customer, "How do I reset my password?"))

    name, problem = reply[-1]
    assert (name, problem["status"]) == ("problem", 503)
    assert problem["request_id"]


def without_times(answer):
    reply = json.loads(json.dumps(answer))
    del reply["ask_id"], (reply["ticket"] or {"ask_id": 0})["ask_id"]
    for step in reply["decision"]["path"]:
        del step["ms"]
        step.pop("cached", None)
    return reply
