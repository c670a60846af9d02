"""Ask, the page that previews the answer to a question before a customer asks it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from audit.models import Record
from faq.models import DailyHits, Faq

pytestmark = pytest.mark.django_db

PAGE = reverse("ask-page")


@pytest.fixture
def curator():
    user = User.objects.create_user("cora", is_staff=True)
    user.groups.add(Group.objects.get(name="curator"))
    client = Client()
    client.force_login(user)
    return client


def ask(client, question, **more):
    return client.post(PAGE, {"question": question, **more})


def test_the_draft_and_the_live_release_answer_side_by_side(curator):
    faq = Faq.objects.get(slug="reset-password")
    faq.answer = "Call us."
    faq.save()

    page = ask(curator, "I forgot my password")

    drafted, live = page.context["cards"]
    assert (drafted.answers[0].text, live.answers[0].text != "Call us.") == ("Call us.", True)
    assert (drafted.payload["release"], live.payload["release"]) == (None, 1)


def test_the_values_that_decided_stand_against_their_thresholds(curator):
    page = ask(curator, "cannot remember what i log in with")

    similarity, lead, confidence = page.context["cards"][1].gauges
    html = page.content.decode()
    assert [bar.name for bar in (similarity, lead, confidence)] == [
        *("Similarity", "Lead", "Confidence")
    ]
    assert [mark.label for mark in confidence.marks] == ["asks to clarify from", "answers from"]
    for bar in (similarity, lead, confidence):
        assert f'aria-label="{bar.text}"' in html


def test_options_are_shown_as_the_customer_gets_them(curator):
    _, live = (page := ask(curator, "order")).context["cards"]

    assert live.payload["outcome"] == "clarify"
    assert [faq.faq_id for faq in live.options] == [
        option["faq_id"] for option in live.payload["options"]
    ]
    assert "None of these" in page.content.decode()


def test_a_part_without_an_answer_and_a_corrected_word_are_shown(curator):
    parts = ask(curator, "How do I reset my password? Who won the world cup?")
    spelling = ask(curator, "I forgot my pasword")

    assert "Who won the world cup?" in parts.context["cards"][1].payload["unanswered_parts"]
    assert '<q dir="auto">Who won the world cup?</q>' in parts.content.decode()
    assert "Each sentence by itself" in parts.content.decode()
    assert '<del dir="auto">pasword</del> <ins dir="auto">password</ins>' in (
        spelling.content.decode()
    )


def test_every_faq_is_a_link_to_its_page(curator):
    page = ask(curator, "order")

    named = {match["faq_id"] for card in page.context["cards"] for match in card.preview.ranked}
    for faq in Faq.objects.filter(slug__in=named):
        assert f'href="{reverse("admin:faq_faq_change", args=[faq.pk])}"' in page.content.decode()


def test_small_talk_shows_the_set_reply_and_no_chart(curator):
    page = ask(curator, "thank you")

    _, live = page.context["cards"]
    assert live.answers[0].faq is None
    assert "From the set replies." in page.content.decode()


def test_it_is_recorded_as_a_preview_and_not_as_asked(curator):
    ask(curator, "I forgot my password")

    preview = Record.objects.filter(action="question.previewed").get()
    assert (preview.actor, preview.data["question"]) == ("cora", "I forgot my password")
    assert not Record.objects.filter(action="question.asked").exists()
    assert not DailyHits.objects.exists()


def test_a_draft_that_clashes_with_others_is_seen_before_it_is_live(curator):
    Faq.objects.create(slug="twin", question="I forgot my pass word", answer="So.")

    drafted, live = ask(curator, "forgot my pass-word").context["cards"]

    assert {match.faq.faq_id for match in drafted.ranked} >= {"twin", "reset-password"}
    assert "twin" not in {match.faq.faq_id for match in live.ranked}


def test_an_audience_sees_what_is_for_it(curator):
    question = "Do you lend umbrellas?"
    Faq.objects.create(slug="umbrella", question=question, answer="Yes.", audience="staff")

    everybody, _ = ask(curator, question).context["cards"]
    staff, _ = ask(curator, question, audience="staff").context["cards"]

    assert everybody.payload["faq_id"] is None
    assert staff.payload["faq_id"] == "umbrella"


def test_a_category_that_does_not_exist_is_said(curator):
    _, live = ask(curator, "How?", category="nowhere").context["cards"]

    assert "no published FAQ has 'nowhere'" in live.preview.problem


@pytest.mark.parametrize(
    ("role", "status"), [("curator", 200), ("publisher", 200), ("support", 200), ("auditor", 403)]
)
def test_it_is_for_those_who_read_faqs(role, status):
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)

    assert client.get(PAGE).status_code == status


def test_a_curator_adds_the_typed_question_to_an_faq_and_sees_its_effect(curator):
    wording = "cannot remember what i log in with"

    page = ask(curator, wording, add_to="reset-password")

    drafted, live = page.context["cards"]
    assert (drafted.payload["faq_id"], drafted.decision["reason"]) == ("reset-password", "exact")
    assert live.decision["reason"] != "exact"
    assert wording in Faq.objects.get(slug="reset-password").content().alternates
    change = Record.objects.filter(action="faq.changed").latest("id")
    assert (change.actor, wording in change.data["fields"]["alternates"]["after"]) == ("cora", True)
    assert "Added to the draft of reset-password." in page.content.decode()


def test_a_wording_of_another_faq_is_not_added_and_the_other_is_named(curator):
    question = Faq.objects.get(slug="reset-password").question

    page = ask(curator, question, add_to="start-return")

    assert "Not added: reset-password already has this wording." in page.content.decode()
    assert question not in Faq.objects.get(slug="start-return").content().phrasings


def test_support_proposes_a_wording(curator):
    user = User.objects.get(username="cora")
    user.groups.set([Group.objects.get(name="support")])

    page = ask(curator, "cannot remember what i log in with", add_to="reset-password")

    assert "Proposed for reset-password. A curator reviews it next." in page.content.decode()
    assert Faq.objects.get(slug="reset-password").stage == Faq.Stage.PROPOSED


def test_who_may_only_read_gets_no_button(curator):
    user = User.objects.get(username="cora")
    user.groups.clear()
    user.user_permissions.add(Permission.objects.get(codename="view_faq"))

    assert "Add this wording" not in ask(curator, "order").content.decode()
    assert ask(curator, "order", add_to="start-return").status_code == 403
