"""Each role at each endpoint, with a ticket of its own and with somebody else's."""

from __future__ import annotations

import pytest

from audit.identity.principal import Role
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

ME = "u1"
OWN, OTHERS = "own", "others"

# What each gets: for its own ticket, and for another's. A service names its user; here it is u1.
DESK, OWNER, NOBODY = (200, 200), (200, 404), (403, 403)
TABLE = {
    "GET /tickets/{id}": {"customer": OWNER, "service": OWNER, "support": DESK},
    "PATCH /tickets/{id}": {"customer": NOBODY, "service": NOBODY, "support": DESK},
    "GET /tickets/{id}/comments": {"customer": OWNER, "service": OWNER, "support": DESK},
    "POST /tickets/{id}/comments": {
        **{"customer": (201, 404), "service": (201, 404)},
        "support": (201, 201),
    },
    "POST /tickets/{id}/claim": {"customer": NOBODY, "service": NOBODY, "support": DESK},
    "POST /tickets/{id}/wait": {"customer": NOBODY, "service": NOBODY, "support": DESK},
    "POST /tickets/{id}/resume": {"customer": NOBODY, "service": NOBODY, "support": DESK},
    "POST /tickets/{id}/resolve": {"customer": NOBODY, "service": NOBODY, "support": DESK},
    "POST /tickets/{id}/close": {"customer": NOBODY, "service": NOBODY, "support": DESK},
    "POST /tickets/{id}/reopen": {"customer": OWNER, "service": OWNER, "support": DESK},
}
STARTS_FROM = {"wait": "claimed", "resume": "waiting", "close": "resolved", "reopen": "resolved"}
BODIES = {"comments": {"text": "Hello?"}, "": {"priority": "high"}}


def due_to(role, roles):
    """An admin is let in as the desk is; whoever is not named is not let in."""
    return roles.get("support" if role == "admin" else role.value, NOBODY)


CASES = [
    pytest.param(role, endpoint, whose, status, id=f"{role}, {endpoint}, {whose}")
    for endpoint, roles in TABLE.items()
    for role in Role
    for whose, status in zip((OWN, OTHERS), due_to(role, roles), strict=True)
]


def ticket_of(requester, status="open"):
    ticket = Ticket.objects.escalate("Where is it?", requester=requester, by=requester)
    Ticket.objects.filter(pk=ticket.pk).update(status=status)
    ticket.comment("Between us.", by="sam", is_internal=True)
    ticket.comment("For you.", by="sam")
    return ticket


def call(client, endpoint, ticket):
    method, path = endpoint.format(id=ticket.pk).split()
    last = path.rpartition("/")[2]
    body = BODIES.get(last if last == "comments" else "", {}) if method != "GET" else None
    address = f"{path}?user_id={ME}" if client.names_user else path
    return getattr(client, method.lower())(address, body, format="json")


@pytest.mark.parametrize(("role", "endpoint", "whose", "status"), CASES)
def test_a_role_gets_at_an_endpoint_what_is_its(role, endpoint, whose, status, as_role):
    client = as_role(role, subject=ME if role == "customer" else role.value)
    client.names_user = role == "service"
    starts = STARTS_FROM.get(endpoint.rpartition("/")[2], "open")
    ticket = ticket_of(ME if whose == OWN else "u2", starts)

    reply = call(client, endpoint, ticket)

    assert reply.status_code == status
    if status >= 400 or role not in ("support", "admin"):
        assert b"Between us" not in reply.content


def test_a_guessed_id_says_no_more_than_one_that_does_not_exist(as_role):
    theirs = ticket_of("u2")
    client = as_role("customer", subject=ME)

    guessed = client.get(f"/tickets/{theirs.pk}").json()
    missing = client.get(f"/tickets/{theirs.pk + 1}").json()

    assert guessed["detail"] == f"There is no ticket {theirs.pk}."
    own = {"detail": "", "request_id": ""}
    assert {**guessed, **own} == {**missing, **own}


@pytest.mark.parametrize("role", ["customer", "service"])
def test_internal_comments_never_leave_the_desk(role, as_role):
    ticket = ticket_of(ME)
    client = as_role(role, subject=ME)

    for path in (f"/tickets/{ticket.pk}", f"/tickets/{ticket.pk}/comments", "/tickets"):
        reply = client.get(path, {"user_id": ME})
        assert reply.status_code == 200
        assert b"Between us" not in reply.content
    response = client.post(
        f"/tickets/{ticket.pk}/comments?user_id={ME}",
        {"text": "Psst.", "internal": True},
        format="json",
    )
    assert response.status_code == 403


def test_support_reads_internal_comments_and_the_ask_it_came_from(as_role):
    customer = as_role("customer")
    body = customer.post(
        "/ask", {"message": "capital of France?", "conversation_id": "c1"}, format="json"
    ).json()
    again = customer.post(
        "/ask", {"message": "of Spain, then?", "conversation_id": "c1"}, format="json"
    ).json()
    ticket = Ticket.objects.escalate("?", requester="u1", by="u1", ask_id=again["ask_id"])
    ticket.comment("Between us.", by="sam", is_internal=True)

    payload = as_role("support", subject="sam").get(f"/tickets/{ticket.pk}").json()

    assert [comment["text"] for comment in payload["comments"]] == ["Between us."]
    assert payload["original_ask"]["question"] == "of Spain, then?"
    assert payload["original_ask"]["decision"]["reason"] == again["decision"]["reason"]
    assert payload["original_ask"]["nearest"] == again["decision"]["path"][1]["matches"]
    assert [turn["question"] for turn in payload["original_ask"]["conversation"]] == [
        "capital of France?"
    ]
    assert body["ask_id"] != again["ask_id"]


def test_a_customer_reopens_what_is_resolved_but_not_what_is_closed(as_role):
    ticket = ticket_of(ME, "closed")
    client = as_role("customer", subject=ME)

    assert client.post(f"/tickets/{ticket.pk}/reopen").status_code == 409
    reply = client.post(f"/tickets/{ticket.pk}/comments", {"text": "Hm?"}, format="json")
    assert reply.status_code == 409
    assert as_role("support", subject="sam").post(f"/tickets/{ticket.pk}/reopen").status_code == 200


def test_what_the_customer_says_ends_the_waiting_for_it(as_role):
    ticket = ticket_of(ME, "waiting")

    as_role("customer", subject=ME).post(
        f"/tickets/{ticket.pk}/comments", {"text": "Here it is."}, format="json"
    )

    ticket.refresh_from_db()
    assert ticket.status == "claimed"
