"""The recipients of a ticket's mails: nobody can have mail sent to somebody else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core import mail

from tickets.delivery import sending
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db

OWN, FOREIGN = "jo@example.com", "victim@example.org"


def open_ticket(client, **fields):
    body = {"message": "Where is it?", **fields}
    return client.post("/tickets", body, format="json")


def written_to(pk):
    """Where mails really went, after the ticket has been through the desk's hands."""
    ticket = Ticket.objects.get(pk=pk)
    ticket.claim(by="sam")
    ticket.comment("It is on its way.", by="sam")
    ticket.resolve(by="sam")
    mail.outbox.clear()
    for delivery in Delivery.objects.all():
        sending.deliver(str(delivery.pk))
    return {address for message in mail.outbox for address in message.recipients()}


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({}, id="naming none"),
        pytest.param({"email": ""}, id="naming an empty one"),
        pytest.param({"email": OWN}, id="naming it"),
        pytest.param({"email": "Jo@Example.com"}, id="in other letters"),
    ],
)
def test_a_customers_news_go_to_the_address_in_the_token(as_role, named):
    reply = open_ticket(as_role("customer", email=OWN), **named)

    assert reply.status_code == 201
    assert {address.casefold() for address in written_to(reply.json()["id"])} == {OWN}


@pytest.mark.parametrize("own", [OWN, ""], ids=["who has an address", "who has none"])
def test_a_customer_cannot_have_somebody_else_written_to(as_role, own):
    reply = open_ticket(as_role("customer", email=own), email=FOREIGN)

    assert reply.status_code == 400
    assert [error["field"] for error in reply.json()["errors"]] == ["email"]
    assert not Ticket.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("subject", ["u1", FOREIGN, "owner"])
def test_without_an_address_in_the_token_nobody_is_written_to(as_role, subject):
    # A name that looks like an address, or that somebody at the desk has too, is not one.
    User.objects.create_user("owner", email=FOREIGN)

    reply = open_ticket(as_role("customer", subject=subject))

    assert written_to(reply.json()["id"]) == set()


@pytest.mark.parametrize("role", ["support", "service"])
def test_callers_that_act_for_others_may_set_the_mail_address(as_role, role):
    client = as_role(role, subject="desk", email="desk@example.com")

    named = open_ticket(client, user_id="u1", email=OWN).json()["id"]
    unnamed = open_ticket(client, user_id="u1").json()["id"]

    assert written_to(named) == {OWN}
    assert Ticket.objects.get(pk=unnamed).email == ""
