"""The desk's own texts: set replies to small talk, and terms that put an FAQ first."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.urls import reverse

from assistant.models import PriorityTerm, SetReply
from audit.models import Record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_cached_terms():
    cache.clear()


@pytest.fixture
def customer(as_role):
    return as_role("customer")


def ask(client, message):
    return client.post("/ask", {"message": message}, format="json").json()


def test_small_talk_gets_the_desks_reply_and_no_faq(customer):
    reply = ask(customer, "Hello there!")

    assert (reply["outcome"], reply["source"]) == ("unanswered", "set_reply")
    assert reply["answer"] == "Hello! What can I help you with?"
    assert (reply["faq_id"], reply["options"], reply["nearest"]) == (None, [], [])
    assert (reply["decision"]["reason"], reply["decision"]["intent"]) == ("small_talk", "greeting")


def test_a_customer_who_asks_for_a_person_is_offered_a_ticket(customer):
    reply = ask(customer, "I want to talk to a human")

    assert reply["decision"]["reason"] == "hand_off"
    assert reply["ticket"]["path"] == "/tickets"
    assert (reply["options"], reply["nearest"]) == ([], [])


def test_the_desk_changes_a_reply_and_it_is_recorded(admin_client, customer):
    greeting = SetReply.objects.get(intent="greeting")
    page = reverse("admin:assistant_setreply_change", args=[greeting.pk])

    assert admin_client.post(page, {"text": "Salaam!"}).status_code == 302

    assert ask(customer, "hi")["answer"] == "Salaam!"
    change = Record.objects.all().about("setreply", greeting.pk).get()
    assert change.data["fields"]["text"]["after"] == "Salaam!"


def test_replies_are_neither_added_nor_deleted(admin_client):
    greeting = SetReply.objects.get(intent="greeting")

    assert admin_client.get(reverse("admin:assistant_setreply_add")).status_code == 403
    page = reverse("admin:assistant_setreply_delete", args=[greeting.pk])
    assert admin_client.get(page).status_code == 403


def test_a_term_puts_its_faq_first(admin_client, customer):
    page = reverse("admin:assistant_priorityterm_add")
    assert admin_client.post(page, {"term": "Stolen", "faq_id": "contact"}).status_code == 302

    reply = ask(customer, "my parcel was stolen from the porch")

    assert (reply["outcome"], reply["decision"]["reason"]) == ("clarify", "priority_term")
    assert reply["options"][0]["faq_id"] == "contact"


def test_the_words_of_a_phrasing_still_answer(customer):
    PriorityTerm.objects.create(term="password", faq_id="contact")

    reply = ask(customer, "How do I reset my password?")

    assert (reply["faq_id"], reply["decision"]["reason"]) == ("reset-password", "exact")


def test_a_term_of_no_faq_is_refused(admin_client):
    page = reverse("admin:assistant_priorityterm_add")

    refused = admin_client.post(page, {"term": "stolen", "faq_id": "unheard-of"})

    assert refused.status_code == 200
    assert b"No FAQ has the id" in refused.content
    assert not PriorityTerm.objects.exists()


def test_the_words_of_an_answer_offer_its_faq(customer):
    reply = ask(customer, "do you take amex")

    assert (reply["outcome"], reply["decision"]["reason"]) == ("clarify", "in_answer")
    assert [option["faq_id"] for option in reply["options"]] == ["payment-methods"]
