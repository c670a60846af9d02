"""Import over HTTP and at the desk: looked at, confirmed as drafts, live when published."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.models import Record
from faq.files.formats import EXPORT_FORMATS
from faq.models import AlternateQuestion, Faq, Release, Upload

pytestmark = pytest.mark.django_db

FILE = (
    b"id,question,answer,category,alternates\n"
    b"umbrella,Do you lend umbrellas?,Yes.,,\n"
    b"reset-password,I forgot my password,Call us.,account,\n"
    b"taken,How can I track my order?,No.,,\n"
    b"blank,,No.,,\n"
)
PAGE = reverse("admin:faq_faq_import")


@pytest.fixture
def curator(as_role):
    return as_role("curator", subject="cora")


def send(client, data=FILE, **fields):
    return client.post(
        "/imports", {"file": SimpleUploadedFile("faqs", data), **fields}, format="multipart"
    )


def results(reply):
    return {line["row"]: line["result"] for line in reply.json()["rows"]}


@pytest.mark.parametrize("name", EXPORT_FORMATS)
def test_what_was_exported_changes_nothing(curator, name):
    faq = Faq.objects.get(slug="reset-password")
    faq.answer, faq.threshold, faq.audience = "=1+1\n\n@me, 'quoted'", 0.75, "staff"
    faq.save()
    AlternateQuestion.objects.create(faq=faq, text="-1 ?")
    Faq.objects.create(slug="old", question="I forgot my password", answer="x", retired=True)

    data = curator.get(f"/faqs.{name}").content
    reply = send(curator, data, format=name)

    assert reply.json()["counts"] == {
        "new": 0,
        "changed": 0,
        "same": Faq.objects.count(),
        "invalid": 0,
    }


def test_every_row_is_told_and_nothing_is_written(curator):
    before = Faq.objects.get(slug="reset-password").content()

    reply = send(curator)

    assert results(reply) == {2: "new", 3: "changed", 4: "invalid", 5: "invalid"}
    taken, blank = (line["reason"] for line in reply.json()["rows"][2:])
    assert "is already a phrasing of" in taken
    assert blank == "question: is empty"
    assert not Faq.objects.filter(slug="umbrella").exists()
    assert Faq.objects.get(slug="reset-password").content() == before


def test_what_is_confirmed_becomes_drafts(curator):
    digest = send(curator).json()["digest"]

    reply = send(curator, confirm=digest)

    assert reply.json()["written"] == ["umbrella", "reset-password"]
    assert Faq.objects.get(slug="reset-password").answer == "Call us."
    assert Release.objects.count() == 1
    assert Record.objects.filter(action="faq.imported").get().actor == "cora"
    assert Record.objects.all().about("faq", "umbrella").count() == 1


def test_existing_faqs_are_skipped_on_request(curator):
    digest = send(curator, existing="skip").json()["digest"]

    reply = send(curator, existing="skip", confirm=digest)

    assert reply.json()["written"] == ["umbrella"]


def test_what_changed_since_the_preview_is_not_overwritten(curator):
    digest = send(curator).json()["digest"]
    Faq.objects.filter(slug="reset-password").update(answer="From a colleague.")

    reply = send(curator, confirm=digest)

    assert reply.status_code == 409
    assert Faq.objects.get(slug="reset-password").answer == "From a colleague."
    assert not Faq.objects.filter(slug="umbrella").exists()


def test_a_file_without_rows_is_refused(curator):
    assert send(curator, b"nothing").status_code == 422
    assert send(curator, b"{}", format="json").status_code == 422


def test_at_the_desk_a_file_is_looked_at_confirmed_and_forgotten():
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    file = SimpleUploadedFile(
        "faqs.json",
        json.dumps(
            [{"id": "umbrella", "question": "Q1?", "answer": "Yes.", "category": ""}]
        ).encode(),
    )

    kept = client.post(PAGE, {"file": file, "format": "json"})
    page = client.get(PAGE + kept["Location"])
    assert b"Nothing is saved until you confirm" in page.content
    assert not Faq.objects.filter(slug="umbrella").exists()
    digest = page.context["preview"].digest
    client.post(PAGE, {"upload": Upload.objects.get().pk, "digest": digest, "_confirm": ""})

    assert Faq.objects.get(slug="umbrella").question == "Q1?"
    assert not Upload.objects.exists()


def test_somebody_elses_upload_is_not_shown():
    Upload.objects.create(name="theirs", format="csv", data=FILE, by="bob")
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))

    page = client.get(PAGE, {"upload": Upload.objects.get().pk})

    assert b"theirs" not in page.content
