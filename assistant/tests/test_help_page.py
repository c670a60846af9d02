"""The help page: a visitor asks, chooses, rates, opens a ticket and browses FAQs."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.test import Client

from assistant.models import Feedback
from assistant.tests.help_visits import (
    CLEAR,
    OWN_PAGE,
    UNCLEAR,
    UNKNOWN,
    ask_id,
    contact,
    last_ask,
    page,
    post,
    send,
)
from audit.models import Record
from faq.models import Faq
from supportsite.auth.authentication import issue
from tickets.models import Delivery, Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_counts")]


# --- Asking ---------------------------------------------------------------------------------------


def test_reading_stores_nothing_and_records_nothing(visitor):
    before = Record.objects.count()

    for path in ("", "faqs/", "faqs/?q=refund", "faqs/reset-password/", "tickets/", "contact/"):
        assert not visitor.get(f"/help/{path}").cookies

    assert Record.objects.count() == before


def test_a_question_is_answered_with_its_date_and_shown_again_after_a_reload(visitor):
    send(visitor, "ask/", message=CLEAR)

    shown = page(visitor)
    assert CLEAR in shown
    assert "Press Forgot password on the sign-in page." in shown
    assert re.search(r"As of \w+\.? \d+, \d{4}", shown)
    assert last_ask().data["channel"] == "help"
    assert last_ask().subject.startswith("visitor-")


def test_the_cookie_is_set_at_the_first_send_for_hours_and_for_no_script(visitor):
    cookie = post(visitor, "ask/", {"message": CLEAR}, OWN_PAGE).cookies["help"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 12 * 3600


def test_an_option_answers_and_counts_as_a_choice(visitor):
    shown = send(visitor, "ask/", message=UNCLEAR).content.decode()
    assert 'value="start-return"' in shown
    assert 'value="none"' in shown

    send(visitor, "ask/", ask_id=ask_id(), choice="start-return")

    assert last_ask().data["decision"]["reason"] == "chosen"
    assert "How do I return an item?" in page(visitor)


def test_after_two_misses_a_person_is_offered(visitor):
    send(visitor, "ask/", message=UNCLEAR)
    send(visitor, "ask/", ask_id=ask_id(), choice="none")
    assert "We could not help yet" not in page(visitor)

    send(visitor, "ask/", message=UNKNOWN)

    shown = page(visitor)
    assert "We could not help yet. A person can." in shown
    assert f"/help/contact/?ask={ask_id()}" in shown


def test_a_rating_is_stored_and_only_of_ones_own_answer(visitor):
    send(visitor, "ask/", message=CLEAR)
    path = f"asks/{ask_id()}/feedback/"

    send(visitor, path, helpful="false", reason="outdated")

    assert (Feedback.objects.get().helpful, Feedback.objects.get().reason) == (False, "outdated")
    assert "You said that this did not help." in page(visitor)
    other = Client()
    send(other, "ask/", message=UNKNOWN)
    assert send(other, path, helpful="true").status_code == 404


def test_an_empty_question_is_refused_with_a_page(visitor):
    response = send(visitor, "ask/", message="   ")

    assert response.status_code == 400
    assert "This could not be sent" in response.content.decode()


# --- A person -------------------------------------------------------------------------------------


def test_a_ticket_is_opened_and_its_number_shown(visitor):
    send(visitor, "ask/", message=UNKNOWN)

    shown = contact(visitor, ask_id=ask_id()).content.decode()

    ticket = Ticket.objects.get()
    assert f"Ticket {ticket.pk}" in shown
    assert (ticket.email, ticket.reason) == ("ada@shop.example", "unanswered")
    assert ticket.full_message == "The lamp is broken.\n\nAda"
    opened = Record.objects.all().about("ticket", ticket.pk).get(action="ticket.opened")
    assert opened.data["channel"] == "help"
    assert f"Ticket {ticket.pk}" in page(visitor, "tickets/")


def test_an_address_that_anybody_could_have_typed_gets_no_mail_before_the_desk_replies(visitor):
    contact(visitor)
    assert not Delivery.objects.filter(address="the requester").exists()

    Ticket.objects.get().comment("We send a new one.", by="sam")

    assert Delivery.objects.filter(address="the requester").count() == 1
    assert "We send a new one." in page(visitor, f"tickets/{Ticket.objects.get().pk}/")


def test_the_same_form_opens_one_ticket(visitor):
    key = re.search(r'name="key" value="([0-9a-f-]+)"', page(visitor, "contact/"))[1]

    contact(visitor, key=key)
    contact(visitor, key=key)

    assert Ticket.objects.count() == 1


def test_a_form_outlives_the_cookie(visitor):
    send(visitor, "ask/", message=UNKNOWN)

    assert contact(Client(), ask_id=ask_id()).status_code == 200
    assert Ticket.objects.get().ask_id is None


def test_a_visitor_writes_on_a_ticket_and_nobody_reads_anothers(visitor):
    contact(visitor)
    path = f"tickets/{Ticket.objects.get().pk}/"

    send(visitor, path, text="It is the green one.")

    assert "It is the green one." in page(visitor, path)
    other = Client()
    contact(other, message="Mine.")
    assert other.get(f"/help/{path}").status_code == 404
    assert send(other, path, text="Let me in.").status_code == 404
    assert "green" not in page(other, "tickets/")


def test_the_form_names_what_is_wrong_and_keeps_what_was_typed(visitor):
    response = contact(visitor, email="ada")

    assert response.status_code == 400
    assert "Write an address such as name@example.com." in response.content.decode()
    assert "The lamp is broken." in response.content.decode()
    urdu = send(visitor, "contact/?lang=ur", email="ada", message="").content.decode()
    assert "name@example.com جیسا پتہ لکھیں۔" in urdu
    assert "یہاں کچھ لکھیں۔" in urdu


# --- Customers who are signed in ------------------------------------------------------------------


def test_a_customers_token_asks_as_the_customer_until_it_expires(visitor):
    token = issue("u1", ["customer", "support"], seconds=600, email="u1@shop.example")

    bearer = {"Authorization": f"Bearer {token}"}
    response = post(visitor, "ask/", {"message": CLEAR}, {**OWN_PAGE, **bearer})

    assert last_ask().subject == "u1"
    assert last_ask().data["roles"] == ["customer"]
    assert response.cookies["help"]["max-age"] <= 600
    assert CLEAR in page(visitor)


def test_signing_out_ends_the_conversation_of_a_customer_and_not_of_a_visitor(visitor):
    send(visitor, "ask/", message=CLEAR)
    assert send(visitor, "sign-out/").status_code == 204
    assert CLEAR in page(visitor)

    bearer = {"Authorization": f"Bearer {issue('u1', ['customer'], seconds=600)}"}
    send(visitor, "ask/", message=UNKNOWN, headers=bearer)
    assert UNKNOWN in page(visitor)
    assert send(visitor, "sign-out/").status_code == 205

    assert UNKNOWN not in page(visitor)
    assert post(visitor, "sign-out/", {}, {"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_bad_token_is_refused_with_a_page(visitor):
    bearer = {"Authorization": "Bearer x"}
    response = post(visitor, "ask/", {"message": CLEAR}, {**OWN_PAGE, **bearer})

    assert response.status_code == 401
    assert "Sign in again" in response.content.decode()


# --- Published FAQs -------------------------------------------------------------------------------


def test_faqs_are_browsed_and_searched(visitor):
    assert "How do I return an item?" in page(visitor, "faqs/", category="returns")
    assert "When will I get my refund?" in page(visitor, "faqs/", q="refund")
    assert "Press Forgot password" in page(visitor, "faqs/reset-password/")
    assert visitor.get("/help/faqs/nothing/").status_code == 404


def test_an_faq_for_an_audience_is_nowhere(visitor):
    question, answer = "Where is the staff umbrella?", "Behind the green door."
    Faq.objects.create(slug="umbrella", question=question, answer=answer, audience="staff")
    call_command("publish", verbosity=0)
    token = issue("u1", ["customer"], seconds=600, audiences=["staff"])
    send(visitor, "ask/", message=question, headers={"Authorization": f"Bearer {token}"})

    pages = [page(visitor), page(visitor, "faqs/"), page(visitor, "faqs/", q="umbrella")]
    pages.append(send(visitor, "questions/", message=question).content.decode())
    pages.append(visitor.get("/help/sitemap.xml").content.decode())

    assert visitor.get("/help/faqs/umbrella/").status_code == 404
    assert not any(answer in page or "umbrella/" in page for page in pages)
    assert "/help/faqs/reset-password/" in pages[-1]


def test_while_somebody_types_answers_are_offered_and_nothing_is_recorded(visitor):
    before = Record.objects.count()

    offered = send(visitor, "questions/?lang=de", message="i forgot my passw")

    assert 'href="/help/faqs/reset-password/?lang=de"' in offered.content.decode()
    assert not offered.cookies
    assert Record.objects.count() == before
    assert "<a" not in send(visitor, "questions/", message="live penguins").content.decode()


def test_a_search_without_results_says_how_to_go_on(visitor):
    shown = page(visitor, "faqs/", q="zzzzqqq")

    assert "No answer has these words." in shown
    assert 'class="list"' not in shown


def test_the_first_page_offers_the_categories_until_somebody_asks(visitor):
    assert 'href="/help/faqs/?category=returns"' in page(visitor)

    send(visitor, "ask/", message=CLEAR)

    assert "?category=returns" not in page(visitor)


@pytest.mark.parametrize("path", ["nothing/", "faqs/nothing/", "tickets/123456789/", "a/b.html/"])
def test_an_unknown_address_is_a_page_of_the_site_in_the_visitors_language(visitor, path):
    response = visitor.get(f"/help/{path}?lang=ur")

    assert response.status_code == 404
    assert '<html lang="ur" dir="rtl">' in response.content.decode()
    assert 'href="/help/faqs/?lang=ur"' in response.content.decode()
    assert visitor.get("/help/faqs")["Location"] == "/help/faqs/"


def test_an_error_that_no_page_handles_is_in_the_visitors_language(visitor, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    response = send(visitor, "ask/?lang=de", message=CLEAR)

    assert response.status_code == 413
    assert "Das konnte nicht gesendet werden" in response.content.decode()
