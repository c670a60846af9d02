"""Only the customer and the desk read a ticket's conversation unmasked."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from audit.people.pseudonyms import SubjectKey
from audit.privacy.channels import parse
from faq.models import Faq
from tickets import models
from tickets.delivery import sending
from tickets.models import Comment, Delivery, Ticket, Webhook
from tickets.tests.test_admin import page_of, shown_messages, staff

pytestmark = pytest.mark.django_db

ASKED = "My lamp flickers. Please call me on 0301 2345678."
MASKED = "My lamp flickers. Please call me on [PHONE]."
REPLY = "Call 0300 7654321 and press 1."
MASKED_REPLY = "Call [PHONE] and press 1."
JO = "jo@example.com"


@pytest.fixture
def ticket():
    return Ticket.objects.escalate(ASKED, requester="u1", by="u1", email=JO)


@pytest.fixture
def sam():
    return staff("view_ticket", "change_ticket")


def views(ticket) -> list[str]:
    viewed = Record.objects.all().about("ticket", ticket.pk).filter(action="ticket.viewed")
    return [fact.actor for fact in viewed.order_by("id")]


def sent(ticket, event: str) -> list[mail.EmailMessage]:
    mail.outbox.clear()
    for delivery in ticket.deliveries.filter(event=event, kind="mail", status="pending"):
        sending.deliver(str(delivery.pk))
    return list(mail.outbox)


# --- What a customer writes -----------------------------------------------------------------------


def test_who_works_on_the_ticket_reads_the_number_to_call_back(as_role, sam, ticket):
    ticket.comment("Or on +92 301 7777777.", by="u1", from_desk=False)
    support = as_role("support", subject="ann")

    page = sam.get(page_of(ticket)).content.decode()
    detail = support.get(f"/tickets/{ticket.pk}").json()
    comments = support.get(f"/tickets/{ticket.pk}/comments").json()["results"]

    assert "0301 2345678" in page
    assert "+92 301 7777777" in page
    assert detail["message"] == ASKED
    assert [comment["text"] for comment in comments] == ["Or on +92 301 7777777."]
    assert detail["comments"] == comments


def test_the_customer_reads_their_own_words_and_a_service_reads_them_for_the_customer(as_role):
    customer = as_role("customer")
    opened = customer.post("/tickets", {"message": ASKED}, format="json").json()
    service = as_role("service", subject="app")

    assert opened["message"] == ASKED
    assert customer.get(f"/tickets/{opened['id']}").json()["message"] == ASKED
    assert service.get(f"/tickets/{opened['id']}", {"user_id": "u1"}).json()["message"] == ASKED
    assert as_role("customer", subject="u2").get(f"/tickets/{opened['id']}").status_code == 404


def test_everywhere_else_it_is_masked(as_role, sam, ticket, settings, tmp_path):
    settings.SUPPORT_EMAIL = "desk@example.org"
    Webhook.objects.create(name="crm", url="https://crm.example.com/hook")
    ticket.comment(ASKED, by="u1", from_desk=False)
    support = as_role("support", subject="ann")

    call_command("export_tickets", str(tmp_path / "tickets.csv"), verbosity=0)
    shown = {
        "the API's list": json.dumps(support.get("/tickets").json()),
        "the desk's list": sam.get(reverse("admin:tickets_ticket_changelist")).content.decode(),
        "the first page": sam.get(reverse("admin:index")).content.decode(),
        "the export": (tmp_path / "tickets.csv").read_text(),
        "the audit trail": json.dumps([fact.data for fact in Record.objects.all()]),
        "deliveries": json.dumps([delivery.payload for delivery in Delivery.objects.all()]),
        "mail to the desk": str([(m.subject, m.body) for m in sent(ticket, "commented")]),
    }

    assert [name for name, text in shown.items() if "2345678" in text] == []
    assert [name for name, text in shown.items() if "[PHONE]" not in text] == []


def test_it_is_stored_encrypted_and_erased_with_the_person(ticket):
    ticket.comment(ASKED, by="u1", from_desk=False)
    comment = Comment.objects.get()
    stored = Ticket.objects.values_list("message", "original").get()

    assert stored[0] == comment.text == MASKED
    assert b"2345678" not in bytes(stored[1]) + bytes(comment.original)
    assert Ticket.objects.get().full_message == comment.full_text == ASKED

    key = SubjectKey.objects.get(pk=ticket.person_id)
    SubjectKey.objects.filter(pk=key.pk).delete()
    assert Ticket.objects.get().full_message == Comment.objects.get().full_text == MASKED
    key.save(force_insert=True)
    call_command("audit_erase", "u1", verbosity=0)
    assert list(Ticket.objects.values_list("original", "message")) == [(None, "[ERASED]")]
    assert list(Comment.objects.values_list("original", "text")) == [(None, "[ERASED]")]


def test_who_sees_it_is_recorded_once_an_hour_and_again_when_there_is_more(
    as_role, sam, ticket, monkeypatch
):
    ann = as_role("support", subject="ann")
    for _ in range(2):
        sam.get(page_of(ticket))
        ann.get(f"/tickets/{ticket.pk}")
        ann.get(f"/tickets/{ticket.pk}/comments")
    assert views(ticket) == ["sam", "ann"]

    ticket.comment(REPLY, by="sam")
    sam.get(page_of(ticket))
    assert views(ticket) == ["sam", "ann"]

    ticket.comment("Or on +92 301 7777777.", by="u1", from_desk=False)
    sam.get(page_of(ticket))
    assert views(ticket) == ["sam", "ann", "sam"]

    later = timezone.now() + models.VIEW_RECORD_INTERVAL
    monkeypatch.setattr(timezone, "now", lambda: later)
    ann.get(f"/tickets/{ticket.pk}")
    assert views(ticket) == ["sam", "ann", "sam", "ann"]


def test_nothing_is_recorded_of_the_requester_nor_of_what_has_nothing_to_hide(as_role, sam, ticket):
    plain = Ticket.objects.escalate("Does the lamp dim?", requester="u1", by="u1")

    as_role("customer").get(f"/tickets/{ticket.pk}")
    sam.get(page_of(plain))

    assert views(ticket) == views(plain) == []


def test_without_its_record_nothing_is_shown(as_role, ticket):
    client = as_role("support", subject="ann")
    client.raise_request_exception = False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Record._meta.get_field("outcome"), "column", "no_such_column")
        reply = client.get(f"/tickets/{ticket.pk}")

    assert reply.status_code >= 500
    assert "2345678" not in reply.content.decode()


def test_a_site_may_keep_nothing_of_what_customers_write(as_role, settings):
    settings.REDACTION = parse("tickets=redact comments=redact")
    ticket = Ticket.objects.escalate(ASKED, requester="u1", by="u1")
    ticket.comment(ASKED, by="u1", from_desk=False)

    reply = as_role("support", subject="ann").get(f"/tickets/{ticket.pk}").json()

    assert (reply["message"], reply["comments"][0]["text"]) == (MASKED, MASKED)
    assert not Ticket.objects.exclude(original=None).exists()
    assert not Comment.objects.exclude(original=None).exists()


# --- What the desk says ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["encrypt", "redact", "reject", "off"])
def test_what_the_desk_says_to_its_customer_arrives_as_written(as_role, ticket, settings, mode):
    settings.REDACTION = parse(f"comments={mode}")
    support = as_role("support", subject="sam")

    output = support.post(f"/tickets/{ticket.pk}/comments", {"text": REPLY}, format="json")
    read = as_role("customer").get(f"/tickets/{ticket.pk}").json()
    (message,) = sent(ticket, "commented")

    assert output.json()["text"] == REPLY
    assert [comment["text"] for comment in read["comments"]] == [REPLY]
    assert REPLY in message.body
    assert message.to == [JO]


def test_what_the_desk_says_is_masked_outside_of_the_conversation(ticket):
    Webhook.objects.create(name="crm", url="https://crm.example.com/hook")
    ticket.comment(REPLY, by="sam")

    payloads = json.dumps(
        [delivery.payload for delivery in ticket.deliveries.filter(event="commented")]
    )
    record = Record.objects.get(action="ticket.commented")

    assert payloads.count(MASKED_REPLY) == len(["mail", "webhook"])
    assert "7654321" not in payloads
    assert record.data["text"] == MASKED_REPLY


def test_a_reply_with_personal_data_is_sent_once_that_is_confirmed(sam, ticket):
    asked_back = sam.post(page_of(ticket), {"reply": REPLY, "_save": ""})
    page = asked_back.content.decode()
    box = re.search(r'name="send_anyway" value="(\w+)"', page)

    assert "personal data that no published FAQ contains" in page
    assert "0300 7654321" in page
    assert not Comment.objects.exists()
    assert box

    other = "Call 0300 1111111."
    sam.post(page_of(ticket), {"reply": other, "send_anyway": box[1], "_save": ""})
    assert not Comment.objects.exists()

    sent_now = sam.post(page_of(ticket), {"reply": REPLY, "send_anyway": box[1], "_save": ""})
    assert shown_messages(sent_now) == ["Your reply is on its way."]
    assert Comment.objects.get().full_text == REPLY


def test_the_sites_own_number_from_a_live_faq_needs_no_confirmation(sam, ticket):
    Faq.objects.create(slug="hotline", question="What is your number?", answer=REPLY)
    call_command("publish", verbosity=0)

    sam.post(page_of(ticket), {"reply": REPLY, "_save": ""})

    assert Comment.objects.get().full_text == REPLY


def test_a_note_needs_no_confirmation(sam, ticket):
    sam.post(page_of(ticket), {"reply": REPLY, "_note": ""})

    assert Comment.objects.get().full_text == REPLY


@pytest.mark.parametrize(
    ("email", "message"),
    [
        (JO, "Your reply is on its way."),
        ("", "The customer has no e-mail address and sees your reply where they asked."),
    ],
)
def test_the_desk_sees_whether_a_reply_is_mailed(sam, email, message):
    ticket = Ticket.objects.escalate("Does it dim?", requester="u1", by="u1", email=email)

    reply = sam.post(page_of(ticket), {"reply": "It does.", "_save": ""})

    assert shown_messages(reply) == [message]


# --- A customer's reply -------------------------------------------------------------------------


@pytest.fixture
def desk(settings):
    settings.SUPPORT_EMAIL = "desk@example.org"
    User.objects.create_user("ann", email="ann@desk.example", is_staff=True)


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("assignee", "state", "reader"),
    [
        pytest.param("ann", ("claimed", "ann"), "ann@desk.example", id="who has it"),
        pytest.param(
            "robot", ("open", ""), "desk@example.org", id="nobody who has it is reachable"
        ),
    ],
)
def test_a_reply_to_a_resolved_ticket_puts_it_back_to_work(
    as_role, ticket, assignee, state, reader
):
    ticket.claim(by=assignee)
    ticket.resolve(by=assignee)

    as_role("customer").post(
        f"/tickets/{ticket.pk}/comments", {"text": "It is broken again"}, format="json"
    )

    ticket.refresh_from_db()
    assert (ticket.status, ticket.assignee) == state
    last = Record.objects.all().about("ticket", ticket.pk).order_by("-id")[0]
    assert (last.action, last.actor) == ("ticket.reopened", "u1")
    (message,) = sent(ticket, "commented")
    assert message.to == [reader]
    assert "It is broken again" in message.body
    assert not ticket.deliveries.filter(event="reopened", kind="mail").exists()


@pytest.mark.usefixtures("desk")
def test_nobody_is_mailed_their_own_words(ticket):
    ticket.claim(by="ann")

    ticket.comment("It is broken.", by="u1", from_desk=False)
    ticket.comment("We send another.", by="ann")

    deliveries = ticket.deliveries.filter(event="commented").order_by("created")
    assert [delivery.address for delivery in deliveries] == ["ann", "the requester"]


@pytest.mark.usefixtures("desk")
def test_the_desk_reads_what_a_customer_says_on_a_ticket_that_nobody_reachable_has(ticket):
    ticket.claim(by="robot")
    ticket.wait(by="robot")

    ticket.comment("Here is a photo.", by="u1", from_desk=False)

    assert ticket.status == "claimed"
    assert [message.to for message in sent(ticket, "commented")] == [["desk@example.org"]]


def test_nothing_more_is_taken_once_it_is_closed(as_role, ticket):
    ticket.resolve(by="sam")
    ticket.close(by="sam")

    reply = as_role("customer").post(
        f"/tickets/{ticket.pk}/comments", {"text": "And now?"}, format="json"
    )

    assert reply.status_code == 409
    assert not Comment.objects.exists()


# --- Mails ----------------------------------------------------------------------------------------


def test_mails_say_that_a_program_wrote_them_and_are_one_conversation(ticket, settings):
    settings.DEFAULT_FROM_EMAIL = "Lumen <support@lumen.example>"
    other = Ticket.objects.escalate("Where?", requester="u2", by="u2", email="b@example.com")
    ticket.claim(by="sam")
    mails = [*sent(ticket, "opened"), *sent(ticket, "claimed")]
    (foreign,) = sent(other, "opened")

    for message in mails:
        headers = message.message()
        assert headers["Auto-Submitted"] == "auto-generated"
        assert headers["X-Auto-Response-Suppress"] == "All"
        assert headers["In-Reply-To"] == headers["References"]
    threads = [message.message()["References"] for message in mails]
    assert threads[0] == threads[1] != foreign.message()["References"]
    assert re.fullmatch(rf"<ticket-{ticket.pk}\.[0-9a-f]{{20}}@lumen\.example>", threads[0])
    ids = {message.message()["Message-ID"] for message in [*mails, foreign]}
    assert len(ids) == 3


def test_a_reply_is_a_letter(ticket, settings):
    settings.SITE_NAME = "Lumen"
    settings.TICKET_URL = "https://lumen.example/support/{id}"
    ticket.comment("It dims.", by="sam")

    (message,) = sent(ticket, "commented")

    assert message.body == (
        "Hello,\n\nsam has replied to your question:\n\nIt dims.\n\n"
        f"Read and answer it here: https://lumen.example/support/{ticket.pk}\n\n"
        f"Your question (ticket {ticket.pk}):\n{MASKED}\n\nKind regards\nLumen\n"
    )


def test_without_an_address_for_tickets_a_mail_has_no_link(ticket):
    ticket.comment("It dims.", by="sam")

    assert "http" not in sent(ticket, "commented")[0].body


@pytest.mark.usefixtures("desk")
def test_the_desk_is_led_to_the_tickets_page(ticket, settings):
    settings.SITE_URL = "https://support.lumen.example"
    ticket.comment("Please hurry.", by="u1", from_desk=False)

    (message,) = sent(ticket, "commented")

    assert f"https://support.lumen.example{page_of(ticket)}" in message.body


def test_the_lines_that_a_subject_joins_are_redacted_once_joined(settings):
    settings.REDACTION = parse("tickets=off")
    ticket = Ticket.objects.escalate(
        "my card is 5555 5555\n\n5555 4444", requester="u1", by="u1", email=JO
    )

    (message,) = sent(ticket, "opened")

    assert message.subject == f"[#{ticket.pk}] my card is [CARD]"


def test_line_breaks_in_a_message_make_no_header_of_its_mail(ticket):
    hostile = Ticket.objects.escalate(
        "Where?\r\nBcc: victim@example.org", requester="u2", by="u2", email="b@example.com"
    )

    (message,) = sent(hostile, "opened")

    assert message.subject == f"[#{hostile.pk}] Where? Bcc: [EMAIL]"
    assert message.recipients() == ["b@example.com"]


def test_html_in_a_conversation_is_text_on_the_page(sam, ticket):
    ticket.comment("<script>alert(1)</script> 0301 2345678", by="u1", from_desk=False)

    page = sam.get(page_of(ticket)).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt; 0301 2345678" in page
    assert "<script>alert(1)" not in page
