"""Ask, the page that previews the answer to a question before a customer asks it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
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

    drafted, live = page.context["previews"]
    assert (drafted.payload["answer"], live.payload["answer"] != "Call us.") == ("Call us.", True)
    assert (drafted.payload["release"], live.payload["release"]) == (None, 1)
    assert drafted.bars[0]["width"] == 100.0
    assert live.threshold_at == 70.0
    assert "desk-line-threshold" in page.content.decode()


def test_it_is_recorded_as_a_preview_and_not_as_asked(curator):
    ask(curator, "I forgot my password")

    preview = Record.objects.filter(action="question.previewed").get()
    assert (preview.actor, preview.data["question"]) == ("cora", "I forgot my password")
    assert not Record.objects.filter(action="question.asked").exists()
    assert not DailyHits.objects.exists()


def test_a_draft_that_clashes_with_others_is_seen_before_it_is_live(curator):
    Faq.objects.create(slug="twin", question="I forgot my pass word", answer="So.")

    drafted, live = ask(curator, "forgot my pass-word").context["previews"]

    assert {bar["faq_id"] for bar in drafted.bars} >= {"twin", "reset-password"}
    assert "twin" not in {bar["faq_id"] for bar in live.bars}


def test_an_audience_sees_what_is_for_it(curator):
    question = "Do you lend umbrellas?"
    Faq.objects.create(slug="umbrella", question=question, answer="Yes.", audience="staff")

    everybody, _ = ask(curator, question).context["previews"]
    staff, _ = ask(curator, question, audience="staff").context["previews"]

    assert everybody.payload["faq_id"] is None
    assert staff.payload["faq_id"] == "umbrella"


def test_a_category_that_does_not_exist_is_said(curator):
    _, live = ask(curator, "How?", category="nowhere").context["previews"]

    assert "no published FAQ has 'nowhere'" in live.problem


@pytest.mark.parametrize("role", ["support", "auditor"])
def test_it_is_for_those_who_curate(role):
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)

    assert client.get(PAGE).status_code == 403
