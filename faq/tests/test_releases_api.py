"""Releases over HTTP: reviewed, published, compared, rolled back."""

from __future__ import annotations

import pytest

from faq.models import Faq, Release

pytestmark = pytest.mark.django_db


@pytest.fixture
def publisher(as_role):
    return as_role("publisher", subject="pia")


@pytest.fixture
def edited():
    faq = Faq.objects.get(slug="reset-password")
    faq.answer = "Call us."
    faq.save()
    faq.alternates.create(text="My login is gone")
    faq.alternates.first().delete()
    return faq


def test_the_difference_is_listed_by_faq_and_phrasing(publisher, edited):
    (change,) = publisher.get("/releases/draft").json()["results"]

    assert (change["faq_id"], change["change"]) == ("reset-password", "changed")
    assert change["differs"]["answer"]["after"] == "Call us."
    assert change["phrasings"]["added"] == ["My login is gone"]
    assert len(change["phrasings"]["gone"]) == 1


@pytest.mark.usefixtures("no_vectors")
def test_a_selection_is_published_and_the_rest_waits(publisher, edited):
    Faq.objects.create(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")

    body = publisher.post("/releases", {"only": ["umbrella"]}, format="json").json()

    assert (body["number"], body["added"], body["changed"]) == (2, 1, 0)
    waiting = publisher.get("/releases/draft").json()
    assert [change["faq_id"] for change in waiting["results"]] == ["reset-password"]


@pytest.mark.usefixtures("no_vectors")
def test_what_was_changed_after_the_review_is_not_published(publisher, edited):
    review = publisher.get("/releases/draft").json()["review"]
    edited.answer = "Write to us."
    edited.save()

    late = publisher.post("/releases", {"review": review}, format="json")
    seen = publisher.get("/releases/draft").json()["review"]
    right = publisher.post("/releases", {"review": seen}, format="json")

    assert (late.status_code, right.status_code) == (409, 201)
    assert "review again" in late.json()["detail"]


@pytest.mark.usefixtures("no_vectors")
def test_a_selection_is_reviewed_as_one(publisher, edited):
    Faq.objects.create(slug="umbrella", question="Do you lend umbrellas?", answer="Yes.")
    review = publisher.get("/releases/draft", {"only": "umbrella"}).json()["review"]

    reply = publisher.post("/releases", {"only": ["umbrella"], "review": review}, format="json")

    assert reply.status_code == 201


def test_publishing_nothing_new_says_which_release_is_live(publisher):
    reply = publisher.post("/releases", {}, format="json")

    assert (reply.status_code, reply.json()["number"]) == (200, 1)


def test_rolling_back_is_a_new_release_with_the_old_content(publisher, edited, as_role):
    publisher.post("/releases", {"note": "Wrong."}, format="json")

    reply = publisher.post("/releases/1/rollback", {"note": "Back."}, format="json")

    assert (reply.status_code, reply.json()["number"]) == (201, 3)
    first, third = (Release.objects.get(number=number) for number in (1, 3))
    assert third.contents() == first.contents()
    assert third.collection == first.collection
    response = as_role("customer").post("/ask", {"message": "I forgot my password"}, format="json")
    assert response.json()["release"] == 3
    # What the curator wrote is a draft again.
    assert Faq.objects.with_status().get(slug="reset-password").status == "changed"


@pytest.mark.usefixtures("no_vectors")
def test_any_two_releases_are_compared(publisher, edited):
    publisher.post("/releases", {}, format="json")
    publisher.post("/releases/1/rollback", {}, format="json")

    before = publisher.get("/releases/3/diff").json()
    same = publisher.get("/releases/3/diff", {"against": 1}).json()

    assert [change["faq_id"] for change in before["results"]] == ["reset-password"]
    assert (same["against"], same["count"]) == (1, 0)


@pytest.mark.usefixtures("no_vectors")
def test_releases_are_listed_newest_first_and_paged(publisher, edited):
    publisher.post("/releases", {"note": "Two"}, format="json")

    page = publisher.get("/releases", {"limit": 1}).json()
    rest = publisher.get("/releases", {"before": page["next"]}).json()

    assert [(row["number"], row["live"]) for row in page["results"]] == [(2, True)]
    assert [(row["number"], row["live"]) for row in rest["results"]] == [(1, False)]
    assert publisher.get("/releases", {"published_by": "nobody"}).json()["results"] == []


def test_a_curator_looks_and_does_not_publish(as_role, edited):
    curator = as_role("curator")

    assert curator.get("/releases/draft").json()["count"] == 1
    assert curator.post("/releases", {}, format="json").status_code == 403
    assert curator.post("/releases/1/rollback", {}, format="json").status_code == 403
    assert Release.objects.count() == 1


def test_what_does_not_exist_is_not_published(publisher):
    reply = publisher.post("/releases", {"only": ["nowhere"]}, format="json")

    assert reply.status_code == 400
    assert publisher.post("/releases/9/rollback", {}, format="json").status_code == 404
