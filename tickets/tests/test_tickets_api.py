"""Tickets over HTTP: who may open, see and move which."""

from __future__ import annotations

import pytest

from audit.models import Record
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def open_ticket(client, message="Please escalate a billing issue.", **fields):
    body = {"message": message, **fields}
    return client.post("/tickets", body, format="json")


def test_a_customer_opens_a_ticket_and_it_is_on_the_record(as_role):
    reply = open_ticket(as_role("customer"), user_id="u1")

    assert reply.status_code == 201
    body = reply.json()
    assert (body["user_id"], body["status"]) == ("u1", "open")
    audit_record = Record.objects.all().about("ticket", body["id"]).get()
    assert (audit_record.action, audit_record.actor) == ("ticket.opened", "u1")


def test_personal_data_is_masked_in_the_list_and_on_the_record(as_role):
    client = as_role("customer")
    body = open_ticket(client, "Write to jo@example.com please").json()

    assert body["message"] == "Write to jo@example.com please"
    (listed,) = client.get("/tickets").json()["results"]
    assert listed["message"] == "Write to [EMAIL] please"
    audit_record = Record.objects.all().about("ticket", body["id"]).get()
    assert audit_record.data["message"] == "Write to [EMAIL] please"


def test_without_its_record_there_is_no_ticket(as_role):
    client = as_role("customer")
    client.raise_request_exception = False
    before = Ticket.objects.count()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Record._meta.get_field("action"), "column", "no_such_column")
        reply = open_ticket(client)

    assert reply.status_code == 503
    assert reply.json()["detail"] == (
        "The audit trail cannot be written, so nothing was changed. Try again later."
    )
    assert Ticket.objects.count() == before


def test_a_ticket_may_name_the_ask_it_came_from(as_role):
    client = as_role("customer")
    reply = client.post("/ask", {"message": "what is the capital of France?"}, format="json")
    ask_id = reply.json()["ticket"]["ask_id"]

    assert open_ticket(client, ask_id=ask_id).json()["ask_id"] == ask_id


def test_nobody_links_a_ticket_to_somebody_elses_ask(as_role):
    response = as_role("customer", subject="u2").post("/ask", {"message": "hello?"}, format="json")

    reply = open_ticket(as_role("customer"), ask_id=response.json()["ask_id"])

    assert reply.status_code == 400
    assert reply.json()["errors"] == [
        {"field": "ask_id", "reason": "This user has no question with this id."}
    ]


def test_a_customer_sees_only_their_own(as_role):
    mine = open_ticket(as_role("customer")).json()["id"]
    theirs = open_ticket(as_role("customer", subject="u2")).json()["id"]
    client = as_role("customer")

    assert [ticket["id"] for ticket in client.get("/tickets").json()["results"]] == [mine]
    assert client.get(f"/tickets/{mine}").status_code == 200
    assert client.get(f"/tickets/{theirs}").status_code == 404
    assert client.get(f"/tickets/{theirs}", {"user_id": "u2"}).status_code == 403
    assert client.get("/tickets", {"user_id": "u2"}).status_code == 403


def test_support_sees_all_and_may_ask_for_one_users(as_role):
    mine = open_ticket(as_role("customer")).json()["id"]
    theirs = open_ticket(as_role("customer", subject="u2")).json()["id"]
    client = as_role("support", subject="sam")

    assert [ticket["id"] for ticket in client.get("/tickets").json()["results"]] == [theirs, mine]
    assert [
        ticket["id"] for ticket in client.get("/tickets", {"user_id": "u1"}).json()["results"]
    ] == [mine]
    assert client.get(f"/tickets/{theirs}").status_code == 200


def test_a_service_acts_for_the_user_it_names(as_role):
    client = as_role("service", subject="shop")
    mine = open_ticket(client, user_id="u1").json()["id"]

    assert client.get("/tickets").status_code == 400
    assert client.get("/tickets", {"user_id": "u1"}).json()["results"][0]["id"] == mine
    assert client.get(f"/tickets/{mine}", {"user_id": "u1"}).status_code == 200
    assert client.get(f"/tickets/{mine}", {"user_id": "u2"}).status_code == 404


def test_pages_follow_each_other_without_gap_or_repeat(as_role):
    client = as_role("customer")
    opened = [open_ticket(client).json()["id"] for _ in range(5)]

    first = client.get("/tickets", {"limit": 2}).json()
    second = client.get("/tickets", {"limit": 2, "before": first["next"]}).json()
    third = client.get("/tickets", {"limit": 2, "before": second["next"]}).json()

    seen = [ticket["id"] for page in (first, second, third) for ticket in page["results"]]
    assert seen == opened[::-1]
    assert third["next"] is None


def test_claim_and_resolve_and_the_one_who_came_second(as_role):
    ticket = open_ticket(as_role("customer")).json()["id"]
    sam, ann = as_role("support", subject="sam"), as_role("support", subject="ann")

    claimed = sam.post(f"/tickets/{ticket}/claim")
    assert (claimed.status_code, claimed.json()["assignee"]) == (200, "sam")
    assert ann.post(f"/tickets/{ticket}/claim").status_code == 409

    assert sam.post(f"/tickets/{ticket}/resolve").json()["status"] == "resolved"
    assert ann.post(f"/tickets/{ticket}/resolve").status_code == 409
    assert [r.action for r in Record.objects.all().about("ticket", ticket).order_by("id")] == [
        *("ticket.opened", "ticket.claimed", "ticket.resolved"),
    ]
