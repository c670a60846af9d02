"""The desk asks for phrasings where an FAQ has few, with what customers typed."""

from __future__ import annotations

import pytest
from django.urls import reverse

from audit.models import Record, record
from faq.customer_words import CustomerWords, customer_words
from faq.models import Faq

pytestmark = pytest.mark.django_db

LIST = reverse("admin:faq_faq_changelist")


@pytest.fixture
def bells():
    return Faq.objects.create(slug="bells", question="Do you sell bells?", answer="Yes.")


def record_ask(question, *, by="u1", outcome="clarify", options=("bells",), closest=""):
    record(
        "question.asked",
        actor=by,
        kind="ask",
        key=question,
        data={
            "user_id": by,
            "question": question,
            "outcome": outcome,
            "options": [{"faq_id": faq_id} for faq_id in options],
            "decision": {"closest": {"faq_id": closest}},
        },
    )


def page_of(faq):
    return reverse("admin:faq_faq_change", args=[faq.pk])


def test_questions_that_were_not_answered_are_shown_those_of_most_people_first(bells):
    record_ask("bells?", by="u1")
    record_ask("got any bells", by="u1")
    record_ask("Got any bells?", by="u2")
    record_ask("ding dong", by="u3", outcome="unanswered", options=(), closest="bells")

    words = customer_words(bells.content(), limit=5)

    assert words == [
        CustomerWords("Got any bells?", 2),
        CustomerWords("ding dong", 1),
        CustomerWords("bells?", 1),
    ]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param({"outcome": "answered"}, id="answered"),
        pytest.param({"options": ("invoice",)}, id="other options"),
        pytest.param({"options": ("invoice",), "closest": "bells"}, id="close, not offered"),
        pytest.param({"question": "Do you sell BELLS"}, id="a phrasing of the FAQ"),
        pytest.param({"question": "bells " * 50}, id="a letter"),
        pytest.param({"question": "!?"}, id="nothing"),
    ],
)
def test_others_are_not(bells, ask):
    record_ask(**{"question": "bells, please", **ask})

    assert customer_words(bells.content(), limit=5) == []


def test_the_page_says_how_many_phrasings_there_are_and_one_click_adds_one(admin_client, bells):
    record_ask("got any bells", by="somebody-7")
    shown = admin_client.get(page_of(bells)).content.decode()
    assert "Only 1 phrasing" in shown
    assert "got any bells" in shown
    assert "1 person" in shown
    assert "somebody-7" not in shown

    added = admin_client.post(
        reverse("admin:faq_faq_wording", args=[bells.pk]), {"text": "got any bells"}, follow=True
    )

    assert "Added to the draft of bells." in added.content.decode()
    assert bells.content().phrasings == ("Do you sell bells?", "got any bells")
    changed = Record.objects.all().about("faq", "bells").first()
    assert (changed.action, changed.actor) == ("faq.changed", "admin")
    assert "2 phrasings" in admin_client.get(page_of(bells)).content.decode()


def test_an_faq_with_enough_phrasings_asks_for_none(admin_client, bells):
    for text in ("bells?", "any bells"):
        bells.alternates.create(text=text)

    assert "in customers' words" not in admin_client.get(page_of(bells)).content.decode()


def test_the_list_is_filtered_by_the_number_of_phrasings(admin_client, bells):
    def slugs(few):
        page = admin_client.get(LIST, {"phrasings": few})
        return {faq.slug for faq in page.context["cl"].result_list}

    assert "bells" in slugs("one")
    bells.alternates.create(text="bells?")
    assert "bells" not in slugs("one")
    assert "bells" in slugs("few")
    bells.alternates.create(text="any bells")
    assert "bells" not in slugs("few")


def test_nobody_without_the_right_to_edit_or_propose_adds_one(client, bells, django_user_model):
    client.force_login(django_user_model.objects.create_user("eve", is_staff=True))

    reply = client.post(reverse("admin:faq_faq_wording", args=[bells.pk]), {"text": "bells?"})

    assert reply.status_code == 403
    assert bells.content().phrasings == ("Do you sell bells?",)
