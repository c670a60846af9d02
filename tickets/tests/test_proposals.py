"""From a ticket to a phrasing or a draft of an FAQ, by the person at the desk."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from audit.models import Record
from faq.models import Faq, Release
from tickets.models import Ticket
from tickets.tests.test_admin import page_of, shown_messages, staff

pytestmark = pytest.mark.django_db

ASKED = "Hello,\nmy lamp flickers. Please call me on 0301 2345678.\nThanks, Jo"


@pytest.fixture
def sam():
    """Support, as the site's own group has it."""
    user = User.objects.create_user("sam", is_staff=True)
    user.groups.add(Group.objects.get(name="support"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ticket():
    return escalate(ASKED)


def escalate(text) -> Ticket:
    return Ticket.objects.escalate(text, requester="u1", by="u1")


def phrasing_page(ticket, query="") -> str:
    return reverse("tickets_inbox_phrasing", args=[ticket.pk]) + query


def faq_page(ticket, query="") -> str:
    return reverse("tickets_inbox_new_faq", args=[ticket.pk]) + query


def suggested(client, address) -> dict[str, str]:
    return client.get(address).context["form"].initial


def offered(response) -> list[str]:
    """The ids of the FAQs with a button, in order."""
    return re.findall(r'name="faq_id" value="(.+?)"', response.content.decode())


def add(client, ticket, faq_id, text, **more):
    return client.post(phrasing_page(ticket), {"text": text, "faq_id": faq_id, **more})


# --- Another way to ask ---------------------------------------------------------------------------


def test_two_clicks_add_the_customers_words_to_the_nearest_faq(sam):
    ticket = escalate("Hi, cannot get into my account, forgot the password. Thanks!")
    opened = sam.get(reverse("tickets_inbox_ticket", args=[ticket.pk])).content.decode()
    assert phrasing_page(ticket) in opened

    page = sam.get(phrasing_page(ticket))
    text = page.context["form"].initial["text"]
    added = add(sam, ticket, offered(page)[0], text)

    faq = Faq.objects.get(slug="reset-password")
    assert text == "cannot get into my account, forgot the password"
    assert (faq.alternates.last().text, faq.stage, faq.submitted_by) == (text, "proposed", "sam")
    assert shown_messages(added) == [f"Proposed for “{faq.question}”. A curator reviews it next."]
    assert Record.objects.get(action="faq.proposed").actor == "sam"
    fact = Record.objects.get(action="ticket.proposed")
    assert (fact.actor, fact.data["faq_id"]) == ("sam", "reset-password")
    assert Release.objects.live().number == 1


def test_the_words_come_redacted_and_without_greeting(sam, ticket):
    assert suggested(sam, phrasing_page(ticket))["text"] == "my lamp flickers"


def test_a_later_message_of_the_customer_may_be_what_is_asked(sam, ticket):
    ticket.comment("Which lamp?", by="sam")
    later = ticket.comment("Where do I find a spare bulb?", by="u1", from_desk=False)
    reply = ticket.comments.first()

    address = phrasing_page(ticket, f"?comment={later.pk}")

    assert (
        address.partition("?")[2]
        in sam.get(reverse("tickets_inbox_ticket", args=[ticket.pk])).content.decode()
    )
    assert suggested(sam, address)["text"] == "Where do I find a spare bulb?"
    of_the_desk = phrasing_page(ticket, f"?comment={reply.pk}")
    assert suggested(sam, of_the_desk)["text"] == "my lamp flickers"


def test_an_faq_is_searched_for_and_the_text_stays(sam, ticket):
    page = sam.post(phrasing_page(ticket), {"text": "as typed", "faq": "gift", "search": ""})

    assert "gift" in offered(page)[0]
    assert "as typed" in page.content.decode()


def test_a_wording_that_another_faq_has_is_refused_and_that_faq_named(sam, ticket):
    other = Faq.objects.get(slug="reset-password")

    refused = add(sam, ticket, "gift-card", other.question)

    page = refused.content.decode()
    assert f"is already a question of reset-password: {other.question}" in page
    assert not Faq.objects.exclude(stage="").exists()
    assert not Record.objects.filter(action="ticket.proposed").exists()


def test_a_wording_that_the_faq_has_is_not_added_again(sam, ticket):
    faq = Faq.objects.get(slug="reset-password")

    added = add(sam, ticket, faq.slug, faq.question)

    assert shown_messages(added) == [f"“{faq.question}” already has this wording."]


@pytest.mark.parametrize("text", ["", "?!"])
def test_a_wording_has_words(sam, ticket, text):
    assert add(sam, ticket, "reset-password", text).context["form"].errors["text"]
    assert not Faq.objects.exclude(stage="").exists()


def test_an_faq_that_is_gone_meanwhile_takes_no_wording(sam, ticket):
    Faq.objects.get(slug="reset-password").retire(by="kim")

    page = add(sam, ticket, "reset-password", "cannot get in").content.decode()

    assert "This FAQ does not exist any more." in page


# --- New FAQ from this ticket ---------------------------------------------------------------------


def test_a_new_faq_is_filled_from_the_question_and_the_reply_of_a_person(sam, ticket):
    ticket.comment(
        "He always complains, and at great length, about our fine lamps.",
        by="ann",
        is_internal=True,
    )
    ticket.comment("Hello Jo,\n\nTurn the bulb, or call 0300 7654321.\n\nRegards\nSam", by="ann")
    ticket.comment("You are welcome!", by="ann")

    assert suggested(sam, faq_page(ticket)) == {
        "question": "My lamp flickers",
        "alternates": "",
        "answer": "Turn the bulb, or call [PHONE].",
        "faq_id": "lamp-flickers",
        "category": "",
    }


def test_the_question_that_the_site_was_asked_is_another_wording(sam, as_role):
    reply = as_role("customer").post("/ask", {"message": "capital of France?"}, format="json")
    ticket = Ticket.objects.escalate(
        "Which city is it?", requester="u1", by="u1", ask_id=reply.json()["ask_id"]
    )

    assert suggested(sam, faq_page(ticket))["alternates"] == "capital of France?"


def propose(client, ticket, **fields):
    filled = {name: value or "" for name, value in suggested(client, faq_page(ticket)).items()}
    return client.post(faq_page(ticket), {**filled, **fields})


def test_three_clicks_make_a_draft_that_says_who_proposed_it(sam, ticket):
    ticket.comment("Turn the bulb.", by="ann")

    proposed = propose(sam, ticket)

    faq = Faq.objects.get(slug="lamp-flickers")
    assert (faq.question, faq.answer) == ("My lamp flickers", "Turn the bulb.")
    assert (faq.stage, faq.submitted_by) == ("proposed", "sam")
    assert "A curator reviews it next." in shown_messages(proposed)[0]
    ticket.refresh_from_db()
    assert ticket.faq_id == faq.slug
    for address in (reverse("tickets_inbox_ticket", args=[ticket.pk]), page_of(ticket)):
        opened = sam.get(address).content.decode()
        assert "Its FAQ: lamp-flickers" in opened
        assert "New FAQ from this ticket" not in opened
    seen = sam.get(reverse("admin:faq_faq_change", args=[faq.pk]))
    assert seen.status_code == 200


def test_nothing_is_proposed_without_an_answer(sam, ticket):
    assert propose(sam, ticket).context["form"].errors["answer"]
    assert not Faq.objects.exclude(stage="").exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("faq_id", "reset-password", "Another FAQ has the id reset-password."),
        ("faq_id", "no blanks", "This "),
        ("question", "?!", "This "),
        ("alternates", "I forgot my password", "already a question of reset-password"),
    ],
)
def test_an_invalid_value_of_an_faq_is_reported_at_its_field(sam, ticket, field, value, message):
    ticket.comment("Turn the bulb.", by="ann")

    form = propose(sam, ticket, **{field: value}).context["form"]

    (name,) = form.errors
    assert message in str(form.errors[name])
    assert name == ("question" if field == "alternates" else field)
    assert not Faq.objects.exclude(stage="").exists()


# --- Who may --------------------------------------------------------------------------------------


def test_only_who_may_propose_sees_the_links_and_the_pages(ticket):
    bob = staff("view_ticket", "change_ticket", name="bob")
    opened = bob.get(reverse("tickets_inbox_ticket", args=[ticket.pk])).content.decode()

    assert "Another way to ask" not in opened
    for address in (phrasing_page(ticket), faq_page(ticket)):
        assert bob.get(address).status_code == 403
        assert bob.post(address, {"text": "x", "faq_id": "reset-password"}).status_code == 403


def test_support_reads_faqs_and_asks_and_publishes_nothing(sam, ticket):
    faq = Faq.objects.get(slug="reset-password")
    editor = reverse("admin:faq_faq_change", args=[faq.pk])

    assert sam.get(reverse("admin:faq_faq_changelist")).status_code == 200
    assert sam.get(reverse("ask-page")).status_code == 200
    assert b'name="_save"' not in sam.get(editor).content
    assert sam.post(editor, {"question": "Mine?"}).status_code == 403
    assert sam.get(reverse("admin:faq_release_review")).status_code == 403
