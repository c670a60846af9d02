"""Going back to an earlier release: what a publisher sees first, and what becomes of the drafts."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from audit.models import Record
from faq.models import CategoryRule, Faq, Release
from faq.releases.publishing import ConcurrentChange, ConflictingFaqs, publish
from faq.releases.rollback import ResetDrafts, plan_rollback, roll_back

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_vectors")]


def write(slug: str, **fields: object) -> None:
    faq = Faq.objects.get(slug=slug)
    for name, value in fields.items():
        setattr(faq, name, value)
    faq.save()


def status(slug: str) -> str:
    return Faq.objects.with_status().get(slug=slug).status


@pytest.fixture
def first() -> Release:
    """Release 1; release 2 is live with a mistake and a new FAQ, and two drafts go on."""
    release = Release.objects.live()
    assert release
    write("reset-password", answer="A mistake.")
    Faq.objects.create(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")
    CategoryRule.objects.create(category="orders", threshold=0.9)
    publish(actor="tester")
    write("track-order", answer="An edit that came after.")
    Faq.objects.create(slug="confetti", question="Do you sell confetti?", answer="Soon.")
    return release


@pytest.fixture
def publisher() -> Client:
    user = User.objects.create_user("pia", is_staff=True)
    user.groups.add(Group.objects.get(name="publisher"))
    client = Client()
    client.force_login(user)
    return client


def page(release: Release) -> str:
    return reverse("admin:faq_release_rollback", args=[release.pk])


def test_the_plan_has_the_changes_for_customers_and_the_unpublished_edits(first):
    plan = plan_rollback(first)

    assert plan.counts() == {"added": 0, "changed": 1, "gone": 1}
    assert [(change.category, change.after) for change in plan.rule_changes()] == [("orders", None)]
    assert plan.edits == ("confetti", "track-order")


def test_drafts_follow_and_unpublished_edits_stay(first):
    live = roll_back(first, actor="pia", reset=ResetDrafts.UNEDITED)

    assert live.contents() == first.contents()
    assert (status("reset-password"), status("umbrella")) == ("published", "retired")
    assert Faq.objects.get(slug="track-order").answer == "An edit that came after."
    assert (status("track-order"), status("confetti")) == ("changed", "draft")
    assert not CategoryRule.objects.exists()


def test_all_drafts_follow_and_nothing_waits_for_a_release(first):
    roll_back(first, actor="pia", reset=ResetDrafts.ALL)

    assert plan_rollback(first).edits == ()
    assert status("confetti") == "retired"
    assert Faq.objects.get(slug="track-order").content() == first.contents()["track-order"]


def test_drafts_may_stay_as_they_are(first):
    roll_back(first, actor="pia", reset=ResetDrafts.NONE)

    assert Faq.objects.get(slug="reset-password").answer == "A mistake."
    assert status("reset-password") == "changed"


def test_the_record_names_the_release_and_the_drafts(first):
    roll_back(first, actor="pia", reset=ResetDrafts.UNEDITED)

    rolled_back = Record.objects.filter(action="release.rolled_back").get()
    assert rolled_back.actor == "pia"
    assert rolled_back.data == {
        "from": 2,
        "reset": "unedited",
        "drafts": ["reset-password", "umbrella"],
        "kept": ["confetti", "track-order"],
    }


def test_what_changed_since_the_page_was_opened_is_not_rolled_back(first):
    reviewed = plan_rollback(first).digest
    write("start-return", answer="Written meanwhile.")

    with pytest.raises(ConcurrentChange, match="changed since the preview"):
        roll_back(first, actor="pia", reset=ResetDrafts.ALL, reviewed=reviewed)

    assert Release.objects.live().number == 2
    assert Faq.objects.get(slug="start-return").answer == "Written meanwhile."


def test_an_edit_that_has_a_phrasing_of_the_old_release_stops_it_and_both_are_named(first):
    write("reset-password", question="Where is the door?")
    publish(actor="tester")
    write("track-order", question=first.contents()["reset-password"].question)

    with pytest.raises(ConflictingFaqs, match="reset-password and track-order"):
        roll_back(first, actor="pia", reset=ResetDrafts.UNEDITED)

    assert Release.objects.live().number == 3
    assert Faq.objects.get(slug="reset-password").question == "Where is the door?"


def test_a_publisher_sees_the_changes_first_and_chooses_what_becomes_of_the_drafts(
    publisher, first
):
    before = publisher.get(page(first))
    html = before.content.decode()

    assert "A mistake." in html
    assert "2 FAQs with unpublished edits" in html
    assert Release.objects.live().number == 2

    fields = {"reviewed": before.context["plan"].digest, "drafts": "unedited", "note": "Undo."}
    after = publisher.post(page(first), fields, follow=True)

    assert "Release 3 is live." in after.content.decode()
    assert (Release.objects.live().note, status("reset-password")) == ("Undo.", "published")


def test_without_a_choice_nothing_happens(publisher, first):
    publisher.post(page(first), {"reviewed": plan_rollback(first).digest})

    assert Release.objects.live().number == 2


def test_the_api_previews_and_rolls_back_exactly_that(as_role, first):
    caller = as_role("publisher")

    plan = caller.get("/releases/1/rollback").json()
    stale = caller.post("/releases/1/rollback", {"review": "0" * 64}, format="json")
    body = {"review": plan["review"], "drafts": "all"}
    done = caller.post("/releases/1/rollback", body, format="json")

    assert (plan["live"], plan["edits"]) == (2, ["confetti", "track-order"])
    assert plan["rules"] == [
        {"category": "orders", "before": {"threshold": 0.9, "margin": None}, "after": None}
    ]
    assert (stale.status_code, done.status_code) == (409, 201)
    assert status("track-order") == "published"


def test_the_command_shows_and_asks(first, capsys):
    call_command("roll_back", "1", "--dry-run")
    shown = capsys.readouterr().out
    with pytest.raises(CommandError, match="Add --yes"):
        call_command("roll_back", "1")

    assert "changed reset-password" in shown
    assert "Unpublished edits of 2 FAQs stay: confetti, track-order" in shown
    assert Release.objects.live().number == 2

    call_command("roll_back", "1", "--yes", "--drafts", "all")

    assert "Release 3 is live, with the FAQs of release 1." in capsys.readouterr().out
    assert status("track-order") == "published"
