"""Drafts over HTTP: written safely, live only with a release."""

from __future__ import annotations

import pytest

from audit.models import Record
from faq.models import Faq, Release

pytestmark = pytest.mark.django_db

UMBRELLA = {"question": "Do you lend umbrellas?", "answer": "Yes.", "alternates": ["Lend me one"]}


@pytest.fixture
def curator(as_role):
    return as_role("curator", subject="cora")


@pytest.fixture
def publisher(as_role):
    return as_role("publisher", subject="pia")


def put(client, slug="umbrella", *, fields=UMBRELLA, **headers):
    return client.put(f"/faqs/{slug}", fields, format="json", headers=headers)


def test_a_draft_is_written_read_published_and_answers(curator, publisher, as_role):
    reply = curator.post("/faqs", {"faq_id": "umbrella", **UMBRELLA}, format="json")
    assert (reply.status_code, reply.json()["status"]) == (201, "draft")
    question = {"message": "Do you lend umbrellas?"}
    body = as_role("customer").post("/ask", question, format="json").json()
    assert body["faq_id"] != "umbrella"

    published = publisher.post("/releases", {"note": "Umbrellas"}, format="json")

    assert (published.status_code, published.json()["number"]) == (201, 2)
    body = as_role("customer").post("/ask", question, format="json").json()
    assert (body["answer"], body["release"]) == ("Yes.", 2)
    assert curator.get("/faqs/umbrella").json()["status"] == "published"


def test_putting_the_same_twice_changes_nothing(curator):
    first, again = put(curator), put(curator)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first["ETag"] == again["ETag"]
    assert len(Record.objects.all().about("faq", "umbrella")) == 1


def test_overwriting_an_unread_change_is_refused(curator, publisher):
    seen = put(curator)["ETag"]
    put(publisher, fields={**UMBRELLA, "answer": "Only when it rains."}, **{"If-Match": seen})

    late = put(curator, fields={**UMBRELLA, "answer": "Never."}, **{"If-Match": seen})

    assert late.status_code == 412
    assert Faq.objects.get(slug="umbrella").answer == "Only when it rains."


def test_if_none_match_only_adds(curator):
    put(curator)

    assert put(curator, **{"If-None-Match": "*"}).status_code == 412


def test_a_patch_changes_what_it_names_and_the_record_says_what(curator):
    put(curator)

    reply = curator.patch("/faqs/umbrella", {"owner": "cora", "threshold": 0.8}, format="json")

    assert (reply.json()["owner"], reply.json()["threshold"]) == ("cora", 0.8)
    assert reply.json()["alternates"] == ["Lend me one"]
    audit_record = Record.objects.all().about("faq", "umbrella").first()
    assert set(audit_record.data["fields"]) == {"owner", "threshold"}
    assert audit_record.actor == "cora"


@pytest.mark.usefixtures("no_vectors")
def test_deleting_retires_with_the_next_release(curator, publisher):
    assert curator.delete("/faqs/reset-password").status_code == 204
    assert curator.get("/faqs/reset-password").json()["status"] == "retiring"

    publisher.post("/releases", {}, format="json")

    assert curator.get("/faqs/reset-password").json()["status"] == "retired"
    assert "reset-password" not in Release.objects.live().contents()


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        pytest.param(
            {"question": "i forgot MY password!"}, 409, "reset-password", id="a taken phrasing"
        ),
        pytest.param({"question": "?!"}, 400, "punctuation", id="a question of punctuation"),
        pytest.param({"answer": " \u200b "}, 400, "is empty", id="an invisible answer"),
        pytest.param({"alternates": ["a\nb"]}, 400, "one line", id="a phrasing of two lines"),
        pytest.param({"threshold": 1.1}, 400, "threshold", id="a threshold above 1"),
        pytest.param({"review_by": "soon"}, 400, "review_by", id="a date that is none"),
    ],
)
def test_what_cannot_be_is_refused(curator, fields, status, message):
    reply = put(curator, fields={**UMBRELLA, **fields})

    assert reply.status_code == status
    assert message in reply.content.decode()
    assert not Faq.objects.filter(slug="umbrella").exists()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"status": "draft"}, ["umbrella"], id="status"),
        pytest.param({"owner": "cora"}, ["umbrella"], id="owner"),
        pytest.param({"q": "lend ME"}, ["umbrella"], id="words of a phrasing"),
        pytest.param({"review_by": "2026-11-23"}, ["umbrella"], id="review due"),
        pytest.param({"audience": "staff"}, [], id="audience"),
    ],
)
def test_drafts_are_found_by(curator, query, expected):
    put(curator, fields={**UMBRELLA, "owner": "cora", "review_by": "2026-11-01"})

    page = curator.get("/faqs", query).json()

    assert [faq["faq_id"] for faq in page["results"]] == expected


def test_pages_follow_each_other_without_a_gap(curator):
    seen, after = [], ""
    while after is not None:
        query = {"limit": 20, **({"after": after} if after else {})}
        page = curator.get("/faqs", query).json()
        seen += [faq["faq_id"] for faq in page["results"]]
        after = page["next"]

    assert seen == sorted(Faq.objects.values_list("slug", flat=True))


def test_only_the_audience_an_faq_is_for_is_answered_with_it(curator, publisher, as_role):
    put(curator, fields={**UMBRELLA, "audience": "staff"})
    publisher.post("/releases", {}, format="json")
    body = {"message": "Do you lend umbrellas?", "user_id": "u1"}

    def asks(client, **more):
        return client.post("/ask", {**body, **more}, format="json")

    assert asks(as_role("customer")).json()["faq_id"] != "umbrella"
    assert asks(as_role("customer"), audience="staff").status_code == 403
    assert asks(as_role("customer"), choice="umbrella").status_code == 400
    assert asks(as_role("service"), audience="staff").json()["faq_id"] == "umbrella"
    assert asks(as_role("customer", audiences=["staff"])).json()["faq_id"] == "umbrella"
