"""Quality at the desk: which policy decides and why, and what a person adopts or drops."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from assistant.models import EvaluationRun, Label
from audit.models import Record
from faq.models import BackgroundJob, Faq, Release
from faq.releases.publishing import publish

pytestmark = pytest.mark.django_db

PAGE = reverse("quality-page")
IMPORT = reverse("admin:assistant_label_import")


def signed_in(role: str) -> Client:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def publisher() -> Client:
    return signed_in("publisher")


def import_labels(client: Client, text: str | None = None):
    data = text.encode() if text else Path("data/questions.csv").read_bytes()
    file = SimpleUploadedFile("questions.csv", data)
    return client.post(IMPORT, {"file": file}, follow=True)


def done(client: Client, **fields: object) -> str:
    """Start an action, let the worker do it, and read the page with its result."""
    page = client.post(PAGE, fields)["Location"]
    for job in BackgroundJob.objects.filter(state="waiting"):
        job.run()
    return client.get(page).content.decode()


def test_the_page_shows_the_policy_that_decides(publisher):
    page = publisher.get(PAGE).content.decode()

    assert "Fitted on the FAQs’ phrasings, without labelled questions" in page
    assert "Live since release 1" in page


def test_labels_are_imported_and_count_for_the_live_release(publisher):
    page = import_labels(publisher).content.decode()

    assert "113 labels from questions.csv were stored." in page
    assert "113 of 113" in publisher.get(PAGE).content.decode()
    imported = Record.objects.filter(action="label.imported").get()
    assert (imported.actor, imported.data["questions"]) == ("publisher", 113)


def test_a_bad_row_stores_nothing_and_is_named(publisher):
    page = import_labels(publisher, "query,expected_id\nwhere?,no-such-faq\n").content.decode()

    assert "row 2, expected_id: there is no published FAQ" in page
    assert not Label.objects.exists()


def test_a_label_is_added_and_removed_with_a_record():
    curator = signed_in("curator")
    add = reverse("admin:assistant_label_add")
    refused = curator.post(add, {"question": "where is it", "faq_ids": "nowhere"})
    curator.post(add, {"question": "where is it", "faq_ids": "track-order"})

    label = Label.objects.get()
    assert "No published FAQ has the id nowhere." in refused.content.decode()
    assert (label.source, label.expected) == ("desk", ["track-order"])

    curator.post(reverse("admin:assistant_label_delete", args=[label.pk]), {"post": "yes"})

    assert not Label.objects.exists()
    for action in ("label.added", "label.removed"):
        assert Record.objects.filter(action=action).get().actor == "curator"


def test_an_evaluation_shows_numbers_a_chart_and_what_they_mean(publisher):
    import_labels(publisher)

    page = done(publisher, action="evaluate")

    assert EvaluationRun.objects.get().numbers["coverage"]["total"] == 90
    assert "Precision: answers that are right" in page
    assert '<polyline class="desk-chart-line" points="' in page


def test_without_labels_an_evaluation_says_what_is_missing(publisher):
    assert "No labelled question counts for the live release." in done(publisher, action="evaluate")


def test_picks_of_customers_are_no_measure(publisher):
    Label.objects.create(source=Label.CHOICE, question="delivery", expected=["track-order"])

    assert "No labelled question counts" in done(publisher, action="evaluate")


def test_a_calibrated_policy_decides_only_after_somebody_adopts_it_and_until_it_is_dropped(
    publisher,
):
    import_labels(publisher)
    page = done(publisher, action="calibrate", precision="0.85")

    assert "Adopt this policy" in page
    assert Release.objects.count() == 1

    result = BackgroundJob.objects.get(kind="assistant.calibrate").result
    adopting = {"action": "adopt", "policy": result["policy"], "live": result["live"]}
    publisher.post(PAGE, adopting)

    live = Release.objects.live()
    assert (live.number, live.policy) == (2, result["policy"])
    assert Record.objects.filter(action="policy.adopted").get().actor == "publisher"
    assert "Calibrated on labelled questions" in publisher.get(PAGE).content.decode()

    publisher.post(PAGE, {"action": "drop"})

    assert "without labelled questions" in publisher.get(PAGE).content.decode()
    assert Release.objects.live().policy == Release.objects.get(number=1).policy


def test_a_policy_for_an_older_release_is_not_adopted(publisher):
    import_labels(publisher)
    done(publisher, action="calibrate", precision="0.85")
    result = BackgroundJob.objects.get(kind="assistant.calibrate").result
    Faq.objects.filter(slug="reset-password").update(answer="Changed.")
    publish(actor="tester")

    adopting = {"action": "adopt", "policy": result["policy"], "live": result["live"]}
    page = publisher.post(PAGE, adopting, follow=True).content.decode()

    assert "Calibrate again" in page
    assert Release.objects.live().number == 2


def test_what_the_last_release_changed_is_shown_question_by_question(publisher):
    Label.objects.create(source="desk", question="has my package left yet", expected=[])
    Faq.objects.create(slug="parcel", question="Has my package left yet?", answer="So.")
    publish(actor="tester")

    page = done(publisher, action="compare")

    assert "Release 2 against release 1, on 1 labelled questions." in page
    assert "has my package left yet" in page
    assert "answered wrong" in page


def test_a_curator_measures_and_does_not_adopt():
    curator = signed_in("curator")

    assert curator.post(PAGE, {"action": "drop"}).status_code == 403
    assert signed_in("support").get(PAGE).status_code == 403
    assert signed_in("auditor").get(PAGE).status_code == 403
