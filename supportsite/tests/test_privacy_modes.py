"""Personal data is redacted, refused or kept, as REDACTION says for each channel."""

from __future__ import annotations

import json
import logging

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import Record
from audit.privacy.channels import parse
from faq.models import Faq, Revision
from supportsite.monitoring.json_logs import Formatter
from supportsite.web.problems import problem_response
from tickets.models import Comment, Delivery, Ticket, Webhook

pytestmark = pytest.mark.django_db

EMAIL, PHONE = "jo@example.com", "0301 2345678"
TEXT = f"Write to {EMAIL} or call {PHONE}."
MASKED = "Write to [EMAIL] or call [PHONE]."


def modes(settings, text: str) -> None:
    settings.REDACTION = parse(text)


def refused(reply, *fields: str) -> None:
    """It names the kinds and the fields, and never the value."""
    assert reply.status_code == 422
    body = reply.json()
    assert [error["field"] for error in body["errors"]] == list(fields)
    assert all(error["kinds"] for error in body["errors"])
    assert EMAIL not in reply.content.decode()
    assert PHONE not in reply.content.decode()


def open_ticket(client, **fields):
    return client.post("/tickets", {"message": "Where?", **fields}, format="json")


def upload(client, answer: str, question: str = "Where is the moon base?"):
    data = f'id,question,answer,category\nmoon,"{question}","{answer}",space\n'
    return client.post("/ingest", {"file": SimpleUploadedFile("f.csv", data.encode())})


def test_a_question_with_personal_data_is_refused_where_none_is_taken(as_role, settings):
    modes(settings, "ask=reject")

    reply = as_role("customer").post("/ask", {"message": TEXT}, format="json")

    refused(reply, "message")
    assert reply.json()["errors"][0]["kinds"] == ["EMAIL", "PHONE"]
    assert "EMAIL, PHONE" in reply.json()["detail"]
    assert not Record.objects.filter(action="question.asked").exists()


@pytest.mark.parametrize("mode", ["redact", "off"])
def test_a_stored_question_is_always_redacted(as_role, settings, mode):
    modes(settings, f"ask={mode}")

    as_role("customer").post("/ask", {"message": TEXT}, format="json")

    assert Record.objects.get(action="question.asked").data["question"] == MASKED


def test_a_ticket_is_redacted_wherever_somebody_types(as_role):
    created = open_ticket(as_role("customer"), message=TEXT, category=EMAIL, tags=["03012345678"])

    ticket = Ticket.objects.get(pk=created.json()["id"])
    assert (ticket.message, ticket.category, ticket.tags) == (MASKED, "[EMAIL]", ["PHONE"])


def test_a_ticket_is_refused_field_by_field(as_role, settings):
    modes(settings, "tickets=reject")

    refused(open_ticket(as_role("customer"), message=TEXT, category=EMAIL), "message", "category")
    refused(open_ticket(as_role("customer"), message=TEXT, suggest=True), "message")

    assert not Ticket.objects.exists()
    assert not Record.objects.filter(action="ticket.offered").exists()


def test_amending_is_redacted_and_refused_alike(as_role, settings):
    ticket = Ticket.objects.escalate("Where?", requester="u1", by="u1")
    desk, address = as_role("support"), f"/tickets/{ticket.pk}"

    assert desk.patch(address, {"category": EMAIL}, format="json").json()["category"] == "[EMAIL]"
    modes(settings, "tickets=reject")
    refused(desk.patch(address, {"category": EMAIL}, format="json"), "category")


def test_a_comment_is_redacted_refused_or_kept(as_role, settings):
    ticket = Ticket.objects.escalate("Where?", requester="u1", by="u1")
    client, address = as_role("customer"), f"/tickets/{ticket.pk}/comments"

    client.post(address, {"text": TEXT}, format="json")
    modes(settings, "comments=reject")
    refused(client.post(address, {"text": TEXT}, format="json"), "text")
    modes(settings, "comments=off")
    client.post(address, {"text": TEXT}, format="json")

    assert list(Comment.objects.values_list("text", flat=True)) == [MASKED, TEXT]
    audit_records = Record.objects.filter(action="ticket.commented").order_by("id")
    assert [entry.data["text"] for entry in audit_records] == [MASKED, MASKED]


@pytest.mark.parametrize(
    ("kind", "other"), [("mail", "webhooks"), ("webhooks", "mail")], ids=["mail", "webhooks"]
)
def test_what_the_desk_may_read_leaves_redacted_unless_stated(settings, kind, other):
    modes(settings, f"tickets=off comments=off {kind}=off")
    Webhook.objects.create(name="crm", url="https://crm.example.com/hook")
    ticket = Ticket.objects.escalate(
        TEXT, requester="u1", by="u1", email="to@example.org", category=EMAIL
    )
    ticket.claim(by="sam")

    reply = {
        {"mail": "mail", "webhook": "webhooks"}[delivery.kind]: json.dumps(delivery.payload)
        for delivery in Delivery.objects.filter(event="claimed")
    }
    assert (EMAIL in reply[kind], EMAIL in reply[other]) == (True, False)


def test_an_error_document_does_not_repeat_personal_data(as_role, settings):
    reply = as_role("customer").post(
        "/ask", {"message": "Where?", "category": EMAIL}, format="json"
    )

    assert reply.status_code == 400
    assert "[EMAIL]" in reply.json()["detail"]
    modes(settings, "logs=off")
    assert EMAIL.encode() in problem_response(400, EMAIL).content


def test_a_log_line_is_redacted_with_its_extras_and_its_traceback(settings):
    line = logging.makeLogRecord({"msg": "from %s", "args": (EMAIL,), "extra_thing": [PHONE]})
    try:
        raise ValueError(EMAIL)
    except ValueError as failure:
        line.exc_info = (ValueError, failure, failure.__traceback__)

    written = Formatter().format(line)

    assert EMAIL not in written
    assert PHONE not in written
    modes(settings, "logs=off")
    assert EMAIL in Formatter().format(line)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("شناختی کارڈ ۱۲۲۴۶-۲۳۲۵۶۲۲-۶", id="in Urdu digits"),
        pytest.param("my number:\n0301 2345678", id="on a line of its own"),
        pytest.param("my number:\t0301 2345678", id="after a tab"),
    ],
)
def test_a_log_line_is_redacted_although_json_writes_some_characters_otherwise(text):
    written = Formatter().format(logging.makeLogRecord({"msg": text, "typed": [text]}))

    assert "۶" not in written
    assert "2345678" not in written


# --- FAQs: everybody is to read them, so their address is most often the desk's own ---------------


def test_an_faq_keeps_its_address_and_whoever_brings_it_is_told(as_role):
    reply = upload(as_role("publisher"), TEXT)

    assert reply.json()["rows"][0]["personal"] == ["answer: EMAIL, PHONE"]
    assert Faq.objects.get(slug="moon").answer == TEXT
    assert EMAIL not in str([record.data for record in Record.objects.filter(about="faq:moon")])


def test_a_file_of_faqs_is_redacted_where_it_says_so(as_role, settings):
    modes(settings, "faqs=redact")

    reply = upload(as_role("publisher"), TEXT, question=f"Who is {EMAIL}?")

    assert reply.json()["rows"][0]["personal"] == []
    stored = Revision.objects.get(slug="moon")
    assert (stored.question, stored.answer) == ("Who is [EMAIL]?", MASKED)
    assert Faq.objects.get(slug="moon").answer == MASKED


def test_a_file_of_faqs_is_refused_row_by_row(as_role, settings):
    modes(settings, "faqs=reject")

    reply = upload(as_role("publisher"), TEXT)

    assert reply.status_code == 422
    assert reply.json()["errors"] == [
        {
            "row": 2,
            "column": "answer",
            "reason": "contains personal data (EMAIL, PHONE), which is not allowed here",
        }
    ]
    assert not Faq.objects.filter(slug="moon").exists()


@pytest.mark.parametrize("format", ["csv"])
def test_an_import_shows_it_in_its_preview(as_role, settings, format):
    data = f'id,question,answer,category\nmoon,Where?,"{TEXT}",space\n'.encode()

    def preview() -> dict:
        file = SimpleUploadedFile("f.csv", data)
        return as_role("curator").post("/imports", {"file": file}).json()["rows"][0]

    assert preview()["personal"] == ["answer: EMAIL, PHONE"]
    modes(settings, "faqs=reject")
    assert preview()["result"] == "invalid"


def test_a_draft_with_personal_data_is_warned_redacted_or_refused(as_role, settings):
    curator, draft = as_role("curator"), {"question": "Where?", "answer": TEXT}

    reply = curator.put("/faqs/moon", draft, format="json")
    modes(settings, "faqs=reject")
    refused(curator.put("/faqs/moon", draft, format="json"), "answer")
    modes(settings, "faqs=redact")
    curator.put("/faqs/moon", {**draft, "alternates": [f"Is {EMAIL} yours?"]}, format="json")

    assert reply.json()["personal"] == ["answer: EMAIL, PHONE"]
    faq = Faq.objects.get(slug="moon")
    assert (faq.answer, faq.content().alternates) == (MASKED, ("Is [EMAIL] yours?",))


def test_an_id_is_refused_where_it_cannot_be_redacted(as_role, settings):
    modes(settings, "faqs=redact")

    reply = as_role("curator").put(
        "/faqs/03012345678", {"question": "Where?", "answer": "There."}, format="json"
    )

    refused(reply, "faq_id")


# --- At the desk, where people type ---------------------------------------------------------------


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("sam"))
    return client


FORMSET = {"alternates-TOTAL_FORMS": "1", "alternates-INITIAL_FORMS": "0"}


@pytest.mark.parametrize(
    ("mode", "answer"), [("warn", TEXT), ("redact", MASKED), ("reject", None)], ids=str
)
def test_a_curator_typing_an_faq_is_warned_redacted_or_refused(desk, settings, mode, answer):
    modes(settings, f"faqs={mode}")
    typed = {"slug": "moon", "question": "Where is the moon?", "answer": TEXT, **FORMSET}

    page = desk.post("/admin/faq/faq/add/", {**typed, "alternates-0-text": "Moon?"}, follow=True)

    stored = Faq.objects.filter(slug="moon").values_list("answer", flat=True).first()
    assert stored == answer
    text = page.content.decode()
    assert ("personal data that everybody can read: answer: EMAIL, PHONE" in text) == (
        mode == "warn"
    )
    assert ("contains personal data (EMAIL, PHONE)" in text) == (mode == "reject")


def test_a_person_at_the_desk_sees_the_error_at_the_field(desk, settings):
    modes(settings, "tickets=reject comments=reject")
    ticket = Ticket.objects.escalate("Where?", requester="u1", by="u1")
    new = {"requester": "u1", "message": TEXT, "priority": "normal", "escalate": "on"}

    opened = desk.post("/admin/tickets/ticket/add/", new)
    address = f"/admin/tickets/ticket/{ticket.pk}/change/"
    replied = desk.post(address, {"reply": TEXT, "_note": ""})

    for page in (opened, replied):
        assert "Personal data (EMAIL, PHONE) is not allowed here." in page.content.decode()
    assert Ticket.objects.count() == 1
    assert not Comment.objects.exists()
