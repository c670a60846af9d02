"""Curators submit drafts; publishers comment, send back with a reason, or publish."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from audit.models import Record
from faq.models import Faq
from faq.releases.publishing import publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_vectors")]

LIST = reverse("admin:faq_faq_changelist")
REVIEW = reverse("admin:faq_release_review")


def signed_in(name: str, role: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def sam():
    return signed_in("sam", "support")


@pytest.fixture
def kim():
    return signed_in("kim", "curator")


@pytest.fixture
def pat():
    return signed_in("pat", "publisher")


@pytest.fixture
def faq():
    faq = Faq.objects.get(slug="reset-password")
    faq.answer = "Call us."
    faq.save()
    return faq


def page_of(faq) -> str:
    return reverse("admin:faq_faq_change", args=[faq.pk])


def press(client, faq, button, text=""):
    return client.post(reverse("admin:faq_faq_stage", args=[faq.pk]), {button: "", "text": text})


def shown_messages(response) -> list[str]:
    """The latest message."""
    return [str(message) for message in get_messages(response.wsgi_request)][-1:]


def stage(faq) -> tuple[str, str]:
    faq.refresh_from_db()
    return faq.stage, faq.submitted_by


def actions(faq) -> list[tuple[str, str]]:
    facts = Record.objects.all().about("faq", faq.slug).order_by("id")
    return [(fact.action, fact.actor) for fact in facts]


def listed(client, query) -> list[str]:
    page = client.get(LIST + query)
    return [faq.slug for faq in page.context["cl"].result_list]


def test_a_curator_submits_a_draft_and_a_publisher_sees_that_it_waits(kim, pat, faq):
    assert shown_messages(press(kim, faq, "submit", "As the shop wants it.")) == [
        "Submitted. A publisher reviews it next."
    ]

    assert stage(faq) == ("submitted", "kim")
    assert actions(faq)[-1] == ("faq.submitted", "kim")
    desk = pat.get(reverse("admin:index")).content.decode()
    assert "Drafts to publish" in desk
    assert desk.split('id="desk-drafts"')[1].split("desk-figure")[1].split("<")[0].endswith(">1")
    shown = pat.get(REVIEW).content.decode()
    assert "Submitted (1)" in shown
    assert "submitted by kim" in shown
    assert "As the shop wants it." in pat.get(page_of(faq)).content.decode()


def test_the_badge_of_the_menu_counts_submitted_drafts_for_publishers_alone(kim, pat, faq):
    faq.submit(by="kim")

    def badge(client):
        groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
        items = [item for group in groups for item in group["items"]]
        return next(item["badge"] for item in items if item["title"] == "Review")

    assert (badge(pat), badge(kim)) == (1, 0)


def test_the_review_shows_what_was_submitted_and_on_request_all_changes(kim, pat, faq):
    other = Faq.objects.get(slug="gift-card")
    other.answer = "Not ready yet."
    other.save()
    faq.submit(by="kim")

    shown, everything = pat.get(REVIEW), pat.get(REVIEW + "?tab=all")

    assert [change.slug for change in shown.context["changes"]] == ["reset-password"]
    assert {change.slug for change in everything.context["changes"]} == {
        "reset-password",
        "gift-card",
    }
    pat.post(REVIEW, {"_all": "", "tab": "submitted", "reviewed": shown.context["reviewed"]})
    assert stage(faq) == ("", "")
    status = {faq.slug: faq.status for faq in Faq.objects.with_status()}
    assert (status["reset-password"], status["gift-card"]) == ("published", "changed")


def test_what_is_submitted_after_the_review_was_opened_is_not_published_unseen(pat, faq):
    faq.submit(by="kim")
    reviewed = pat.get(REVIEW).context["reviewed"]
    other = Faq.objects.get(slug="gift-card")
    other.answer = "Unseen."
    other.save()
    other.submit(by="kim")

    late = pat.post(REVIEW, {"_all": "", "tab": "submitted", "reviewed": reviewed})

    assert "Reload and review again" in shown_messages(late)[0]
    assert stage(faq) == ("submitted", "kim")


def test_a_publisher_sends_back_with_a_reason_that_the_curator_sees(kim, pat, faq):
    faq.submit(by="kim")

    assert shown_messages(press(pat, faq, "send_back")) == ["Write the reason first."]
    assert shown_messages(press(pat, faq, "send_back", "Which number?")) == ["Sent back to kim."]

    assert stage(faq) == ("returned", "kim")
    assert actions(faq)[-1] == ("faq.returned", "pat")
    assert listed(kim, "?stage=mine") == ["reset-password"]
    assert listed(pat, "?stage=mine") == []
    opened = kim.get(page_of(faq)).content.decode()
    assert "sent back to kim" in opened
    assert "Which number?" in opened
    assert "Sent back to you" in kim.get(reverse("admin:index")).content.decode()
    press(kim, faq, "submit", "Better now.")
    assert stage(faq) == ("submitted", "kim")


def test_a_curator_judges_a_proposal_of_support(sam, kim, faq):
    faq.add_phrasing("cannot get in", by="sam", is_proposal=True)

    assert listed(kim, "?stage=proposed") == ["reset-password"]
    assert "proposed by sam" in kim.get(LIST).content.decode()
    assert "cannot get in" in kim.get(page_of(faq)).content.decode()
    press(kim, faq, "send_back", "Another FAQ has this.")

    assert listed(sam, "?stage=mine") == ["reset-password"]
    assert "Another FAQ has this." in sam.get(page_of(faq)).content.decode()


def test_everybody_who_works_on_drafts_comments(sam, kim, pat, faq):
    for client, text in ((sam, "Jo asked it."), (kim, "Fine."), (pat, "Thanks.")):
        press(client, faq, "comment", text)

    shown = [(comment.author, comment.text) for comment in faq.comments.all()]
    assert shown == [("sam", "Jo asked it."), ("kim", "Fine."), ("pat", "Thanks.")]
    assert actions(faq)[-1] == ("faq.commented", "pat")
    assert shown_messages(press(sam, faq, "comment", " ")) == ["Write a comment first."]


@pytest.mark.parametrize(
    ("role", "button", "before"),
    [
        ("support", "submit", ""),
        ("support", "send_back", "proposed"),
        ("curator", "send_back", "submitted"),
        ("auditor", "comment", ""),
    ],
)
def test_each_role_has_its_own_part(role, button, before, faq):
    Faq.objects.filter(pk=faq.pk).update(stage=before)

    refused = press(signed_in("nobody", role), faq, button, "I try.")

    assert refused.status_code == 403
    assert stage(faq)[0] == before
    assert not faq.comments.exists()


def test_there_is_nothing_to_submit_twice_or_without_a_change(kim, faq):
    faq.submit(by="kim")
    unchanged = Faq.objects.get(slug="gift-card")

    assert shown_messages(press(kim, faq, "submit")) == [
        "Nothing was submitted: the draft is already submitted or published."
    ]
    assert not unchanged.submit(by="kim")
    assert not unchanged.send_back("Why?", by="pat")


def test_a_curator_saves_and_submits_in_one_step(kim, faq):
    form = kim.get(page_of(faq)).context["adminform"].form
    rows = {"alternates-TOTAL_FORMS": 0, "alternates-INITIAL_FORMS": 0}
    fields = {name: form.initial.get(name) or "" for name in form.fields}

    kim.post(page_of(faq), {**fields, **rows, "answer": "Write to us.", "_submit": ""})

    assert stage(faq) == ("submitted", "kim")
    assert faq.answer == "Write to us."


def test_a_release_ends_the_stage_of_what_it_has_and_of_nothing_else(faq):
    faq.submit(by="kim")
    other = Faq.objects.get(slug="gift-card")
    other.answer = "Later."
    other.save()
    other.submit(by="kim")

    publish(actor="pat", only=["reset-password"])

    assert (stage(faq), stage(other)) == (("", ""), ("submitted", "kim"))
