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
from faq.models import AlternateQuestion, BackgroundJob, Faq, Release, Upload

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


def test_every_row_is_reported_and_nothing_is_written(curator):
    before = Faq.objects.get(slug="reset-password").content()

    reply = send(curator)

    assert results(reply) == {2: "new", 3: "changed", 4: "invalid", 5: "invalid"}
    conflict, blank = (line["reason"] for line in reply.json()["rows"][2:])
    assert "is already a phrasing of" in conflict
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


@pytest.fixture
def desk():
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    return client


def upload(desk, data, format="csv"):
    """The address of the page that shows the preview."""
    return desk.post(PAGE, {"file": SimpleUploadedFile("faqs", data), "format": format})["Location"]


def work():
    """What the worker does."""
    for job in BackgroundJob.objects.filter(state="waiting"):
        job.run()


def test_at_the_desk_a_file_is_looked_at_confirmed_and_forgotten(desk):
    faq = {"id": "umbrella", "question": "Q1?", "answer": "Yes.", "category": ""}
    preview = upload(desk, json.dumps([faq]).encode(), "json")
    waiting = desk.get(PAGE + preview).content.decode()
    work()
    page = desk.get(PAGE + preview)

    assert "waiting for the worker" in waiting
    assert 'http-equiv="refresh"' in waiting
    assert "Nothing is saved until you confirm" in page.content.decode()
    assert not Faq.objects.filter(slug="umbrella").exists()

    digest = page.context["preview"]["digest"]
    fields = {"upload": Upload.objects.get().pk, "digest": digest, "_confirm": ""}
    done = desk.post(PAGE, fields)["Location"]
    work()

    assert "1 FAQ was saved as a draft." in desk.get(PAGE + done).content.decode()
    assert Faq.objects.get(slug="umbrella").question == "Q1?"
    assert not Upload.objects.exists()
    assert Record.objects.filter(action="faq.imported").get().actor == "ada"


def test_at_the_desk_existing_faqs_are_skipped_on_request(desk):
    upload(desk, FILE)
    work()

    again = desk.post(PAGE, {"upload": Upload.objects.get().pk, "existing": "skip"})["Location"]
    work()

    page = desk.get(PAGE + again)
    assert "Existing FAQs are skipped." in page.content.decode()
    assert page.context["preview"]["drafts"] == 1


def test_an_unreadable_file_is_reported_with_its_reason(desk):
    preview = upload(desk, b"no workbook", "xlsx")
    work()

    page = desk.get(PAGE + preview).content.decode()
    assert "cannot be read: the file is not an XLSX workbook" in page
    assert not Upload.objects.exists()


def test_what_changed_since_the_preview_is_not_overwritten_at_the_desk(desk):
    preview = upload(desk, FILE)
    work()
    digest = desk.get(PAGE + preview).context["preview"]["digest"]
    Faq.objects.filter(slug="reset-password").update(answer="From a colleague.")

    fields = {"upload": Upload.objects.get().pk, "digest": digest, "_confirm": ""}
    done = desk.post(PAGE, fields)["Location"]
    work()

    assert "Nothing was written: FAQs changed" in desk.get(PAGE + done).content.decode()
    assert Faq.objects.get(slug="reset-password").answer == "From a colleague."


def test_a_job_of_somebody_else_is_not_shown(desk):
    preview = upload(desk, FILE)
    work()
    other = Client()
    other.force_login(User.objects.create_superuser("bob"))

    assert b"umbrella" not in other.get(PAGE + preview).content


def test_a_program_may_ask_for_a_job_and_poll_it(curator, as_role):
    file = SimpleUploadedFile("faqs", FILE)
    accepted = curator.post(
        "/imports", {"file": file}, format="multipart", headers={"Prefer": "respond-async"}
    )
    waiting = curator.get(accepted["Location"]).json()
    work()
    done = curator.get(accepted["Location"]).json()

    assert (accepted.status_code, accepted["Preference-Applied"]) == (202, "respond-async")
    assert (waiting["state"], waiting["result"]) == ("waiting", None)
    assert (done["state"], done["result"]["counts"]) == ("done", send(curator).json()["counts"])
    stranger = as_role("curator", subject="other")
    assert stranger.get(accepted["Location"]).status_code == 404


def test_a_program_confirms_in_the_background_too(curator):
    digest = send(curator).json()["digest"]
    accepted = curator.post(
        "/imports",
        {"file": SimpleUploadedFile("faqs", FILE), "confirm": digest},
        format="multipart",
        headers={"Prefer": "respond-async"},
    )
    work()

    job = curator.get(accepted["Location"]).json()
    assert job["result"]["written"] == ["umbrella", "reset-password"]
    assert Faq.objects.get(slug="reset-password").answer == "Call us."


def test_somebody_elses_upload_is_not_shown(desk):
    Upload.objects.create(name="theirs", format="csv", data=FILE, by="bob")

    page = desk.post(PAGE, {"upload": Upload.objects.get().pk})

    assert b"theirs" not in page.content
