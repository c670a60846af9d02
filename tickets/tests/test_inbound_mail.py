"""Mail in, from a real IMAP server: tickets, threads, automatic mails, and what is parked."""

from __future__ import annotations

import json
from email.message import EmailMessage
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command

from audit.models import Record
from tickets.delivery import mail_headers, sending
from tickets.inbound import mailbox_url, receiving
from tickets.inbound.fetching import fetch_new, receive_waiting
from tickets.inbound.inbound_mail import MAX_TRIES
from tickets.inbound.mailbox_state import failing_seconds
from tickets.models import Attachment, Delivery, InboundMail, MailboxState, Ticket
from tickets.tests.imap_server import ImapServer, imap_server
from tickets.tests.test_inbound_parsing import AUTOMATIC

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

JO, DESK = "jo@example.com", "support@desk.example"
PASS, FAIL = "mx.desk.example; dmarc=pass", "mx.desk.example; dmarc=fail"
QUESTION = "The lamp that I bought last week flickers. Can somebody call me on 0300 1234567?"


@pytest.fixture(scope="module")
def server():
    with imap_server() as server:
        yield server


@pytest.fixture
def mailbox(server: ImapServer, settings):
    server.empty()
    settings.MAILBOX = mailbox_url.parse(server.url)
    settings.MAIL_AUTHSERV_ID = "mx.desk.example"
    settings.MAIL_REPLY_TO = settings.DEFAULT_FROM_EMAIL = DESK
    return server


def written(text=QUESTION, *, sender=JO, subject="The lamp", **headers) -> EmailMessage:
    """A mail of a person. ``headers``: ``in_reply_to="<...>"`` and the like."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Jo <{sender}>", DESK, subject
    written.number += 1
    message["Message-ID"] = f"<{written.number}@mail.example.com>"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


written.number = 0


def send(mailbox: ImapServer, *messages) -> list[InboundMail]:
    """The mails after the worker took them in."""
    before = list(InboundMail.objects.values_list("pk", flat=True))
    for message in messages:
        mailbox.deliver(message)
    fetch_new()
    assert mailbox.unseen() == 0
    return list(InboundMail.objects.exclude(pk__in=before).order_by("pk"))


def mails_sent() -> list:
    """The mails of the outbox that go out now."""
    mail.outbox.clear()
    for delivery in Delivery.objects.filter(status="pending", kind="mail"):
        sending.deliver(str(delivery.pk))
    return list(mail.outbox)


@pytest.fixture
def replied(mailbox):
    """A ticket by mail with a reply of the desk, waiting for the customer; and that mail."""
    send(mailbox, written(authentication_results=PASS))
    ticket = Ticket.objects.get()
    mails_sent()
    ticket.claim(by="sam", is_mailed=False)
    ticket.comment("Which lamp is it?", by="sam")
    ticket.wait(by="sam")
    Delivery.objects.filter(event="waiting").delete()
    [reply] = mails_sent()
    return ticket, reply


def answer(reply, text="The red one.", **headers) -> EmailMessage:
    ids = {"in_reply_to": reply.extra_headers["Message-ID"], "subject": f"Re: {reply.subject}"}
    return written(text, **{**ids, **headers})


def states(ticket) -> tuple[str, int]:
    ticket.refresh_from_db()
    return ticket.status, ticket.comments.filter(is_internal=False).count()


# --- One mail, one ticket -------------------------------------------------------------------------


def test_a_mail_becomes_one_ticket_with_its_ask_and_its_channel(mailbox):
    [inbound] = send(mailbox, written())

    ticket = Ticket.objects.get()
    assert ticket.full_message == f"The lamp\n\n{QUESTION}"
    assert ticket.email == JO
    assert (inbound.status, inbound.ticket) == ("opened", ticket)
    [ask] = Record.objects.filter(action="question.asked")
    assert (ask.data["channel"], ask.about) == ("mail", f"ask:{ticket.ask_id}")
    opened = Record.objects.get(action="ticket.opened")
    assert opened.data["channel"] == "mail"
    fetch_new()
    assert Ticket.objects.count() == 1


def test_no_address_and_no_number_of_a_mail_is_stored_or_recorded_readably(mailbox):
    [inbound] = send(mailbox, written())

    ticket = Ticket.objects.get()
    readable = json.dumps([record.data for record in Record.objects.all()])
    rows = [ticket.requester, ticket.message, inbound.sender, inbound.message_id, readable]
    assert not any(text in str(rows) for text in (JO, "0300 1234567", "mail.example.com"))
    assert JO.encode() not in bytes(inbound.address)
    assert inbound.raw is None


def test_the_person_of_a_mail_can_be_erased(mailbox):
    [opened, parked] = send(mailbox, written(), written(auto_submitted="auto-replied"))

    call_command("audit_erase", f"mail:{JO}", stdout=StringIO())

    for inbound in (opened, parked):
        inbound.refresh_from_db()
        assert (inbound.email, inbound.content, inbound.original_message_id) == ("", b"", "")
        assert inbound.sender.startswith("(p-")
    assert Ticket.objects.get().message == "[ERASED]"


def test_the_same_mail_twice_is_one(mailbox):
    message = written()
    copy = b"Received: from elsewhere.example\r\n" + message.as_bytes()

    assert len(send(mailbox, message, message)) == 1
    assert send(mailbox, copy) == []
    assert Ticket.objects.count() == 1


def test_two_mails_with_one_message_id_are_two(mailbox):
    first = written("The lamp broke.", message_id="<1@broken.example>")
    second = written("The chair broke.", message_id="<1@broken.example>")

    assert [mail.status for mail in send(mailbox, first, second)] == ["opened", "opened"]


def test_files_are_stored_with_the_ticket_and_the_others_are_named(mailbox):
    message = written()
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="bill.pdf")
    message.add_attachment(b"MZ", maintype="application", subtype="exe", filename="virus.exe")

    send(mailbox, message)

    comment = Ticket.objects.get().comments.get()
    assert [(file.name, file.data) for file in Attachment.objects.all()] == [
        ("bill.pdf", b"%PDF-1.4")
    ]
    assert "Not attached: virus.exe. This type of file is not accepted." in comment.full_text
    assert (comment.is_internal, comment.from_desk) == (False, False)


def test_a_long_mail_is_attached_whole(mailbox):
    text = "\n".join(f"Line {number} of the story of the lamp." for number in range(200))

    send(mailbox, written(text))

    assert text in Attachment.objects.get().data.decode()


@pytest.mark.parametrize(
    ("header", "mails"), [(PASS, 1), (FAIL, 0), ("mx.evil.example; dmarc=pass", 0), (None, 0)]
)
def test_only_a_verified_sender_gets_a_mail_before_somebody_replies(mailbox, header, mails):
    headers = {"authentication_results": header} if header else {}

    [inbound] = send(mailbox, written(**headers))

    sent = mails_sent()
    assert [message.to for message in sent] == [[JO]] * mails
    assert inbound.is_verified is bool(mails)
    for message in sent:
        assert message.extra_headers["Auto-Submitted"] == "auto-generated"
        assert message.extra_headers["X-Auto-Response-Suppress"] == "All"
        assert message.extra_headers["In-Reply-To"] == f"<{written.number}@mail.example.com>"
        assert message.extra_headers["Reply-To"].startswith("support+ticket-")


def test_an_address_gets_three_automatic_mails_a_day(mailbox):
    send(mailbox, *[written(f"Lamp {n} broke.", authentication_results=PASS) for n in range(5)])

    assert Ticket.objects.count() == 5
    assert [message.to for message in mails_sent()] == [[JO]] * 3


# --- Threads --------------------------------------------------------------------------------------


def references(reply):
    return {"in_reply_to": "<1@elsewhere.example>", "references": reply.extra_headers["References"]}


def plus_address(reply):
    return {"in_reply_to": "<1@elsewhere.example>", "to": reply.extra_headers["Reply-To"]}


@pytest.mark.parametrize(
    "headers",
    [lambda reply: {}, references, plus_address],
    ids=["Message-ID", "References", "plus-address"],
)
def test_a_reply_joins_its_ticket_and_resumes_it(mailbox, replied, headers):
    ticket, reply = replied

    quote = "On Mon, 30 Nov 2026 at 10:00, Support <support@desk.example> wrote:\n> Which lamp?"
    [inbound] = send(mailbox, answer(reply, f"The red one.\n\n{quote}\n", **headers(reply)))

    assert states(ticket) == ("claimed", 2)
    comment = ticket.comments.last()
    assert (comment.full_text, comment.from_desk) == ("The red one.", False)
    assert comment.author == ticket.requester
    assert (inbound.status, inbound.comment) == ("joined", comment)
    commented = Record.objects.filter(action="ticket.commented").order_by("-id")[0]
    assert commented.data["channel"] == "mail"
    assert Ticket.objects.count() == 1


def test_a_reply_reopens_a_resolved_ticket(mailbox, replied):
    ticket, reply = replied
    ticket.resolve(by="sam")

    send(mailbox, answer(reply))

    assert states(ticket) == ("open", 2)


def test_a_reply_to_a_closed_ticket_is_a_new_one(mailbox, replied):
    ticket, reply = replied
    ticket.resolve(by="sam")
    ticket.close(by="sam")

    send(mailbox, answer(reply))

    assert states(ticket) == ("closed", 1)
    assert Ticket.objects.exclude(pk=ticket.pk).get().requester == ticket.requester


def test_a_reply_to_a_merged_ticket_joins_the_one_that_continues_it(mailbox, replied):
    ticket, reply = replied
    target = Ticket.objects.escalate("Another.", requester=ticket.requester, by="sam")
    assert ticket.merge(target, by="sam")

    send(mailbox, answer(reply))

    assert target.comments.last().full_text == "The red one."


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param({"subject": "Re: [#{number}] The lamp"}, id="a number in the subject"),
        pytest.param(
            {"in_reply_to": "<ticket-{number}.0123456789abcdef0123@desk.example>"}, id="id"
        ),
        pytest.param({"in_reply_to": "<ticket-{number}@desk.example>"}, id="id without a key"),
        pytest.param({"in_reply_to": "<{other}@desk.example>"}, id="the key of another ticket"),
        pytest.param(
            {"to": "support+ticket-{number}.0123456789abcdef0123@desk.example"}, id="plus"
        ),
    ],
)
def test_a_forged_reference_changes_nothing_and_is_a_mail_of_its_own(mailbox, replied, forged):
    ticket, _ = replied
    other = mail_headers._keyed("ticket-999999").replace("999999", str(ticket.pk))
    headers = {k: v.format(number=ticket.pk, other=other) for k, v in forged.items()}

    [inbound] = send(mailbox, written("Close it.", **headers))

    assert states(ticket) == ("waiting", 1)
    assert inbound.ticket != ticket


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"sender": "stranger@example.org"}, id="another address"),
        pytest.param({"authentication_results": FAIL}, id="a forged address"),
    ],
)
def test_a_reply_of_somebody_else_is_a_note_that_changes_no_state(mailbox, replied, headers):
    ticket, reply = replied

    [inbound] = send(mailbox, answer(reply, "Send it to me.", **headers))

    assert states(ticket) == ("waiting", 1)
    note = ticket.comments.get(is_internal=True)
    assert "Not from the customer" in note.full_text
    assert inbound.status == "noted"
    assert mails_sent() == []


def test_our_own_mails_are_left_alone(mailbox, replied):
    ticket, reply = replied
    own = written("Which lamp?", message_id=reply.extra_headers["Message-ID"])

    [inbound, from_us] = send(mailbox, own, written(sender=DESK))

    assert states(ticket) == ("waiting", 1)
    assert (inbound.status, from_us.status) == ("own", "parked")
    assert Ticket.objects.count() == 1


# --- Automatic mails ------------------------------------------------------------------------------


def automatic(message: EmailMessage, header: str) -> bytes:
    raw = message.as_bytes()
    if header.startswith("Content-Type"):
        raw = raw.replace(b'Content-Type: text/plain; charset="utf-8"\n', b"")
    return header.encode() + b"\n" + raw


def test_automatic_mails_are_parked_and_get_no_mail(mailbox):
    messages = [
        automatic(written(authentication_results=PASS), header) for header in AUTOMATIC.values()
    ]

    inbound = send(mailbox, *messages)

    assert len(inbound) == len(AUTOMATIC) >= 12
    assert {(mail.status, mail.reason) for mail in inbound} == {("parked", "automatic")}
    assert not Ticket.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("header", AUTOMATIC.values(), ids=AUTOMATIC)
def test_an_automatic_reply_joins_the_ticket_and_changes_no_state(mailbox, replied, header):
    ticket, reply = replied

    [inbound] = send(mailbox, automatic(answer(reply, "I am away until Monday."), header))

    assert states(ticket) == ("waiting", 1)
    assert "An automatic mail" in ticket.comments.get(is_internal=True).full_text
    assert (inbound.status, inbound.is_automatic) == ("noted", True)
    assert mails_sent() == []


# --- Parked mails ---------------------------------------------------------------------------------


def test_large_malformed_and_empty_mails_are_parked_and_the_next_is_received(mailbox):
    large = written("x" * 80 + "\n", subject="Large").as_bytes() + b"x\n" * 5_300_000
    malformed = b"From: a@x.example\r\nFrom: b@x.example\r\n\r\nhi"
    empty = written("", subject="")

    inbound = send(mailbox, large, malformed, empty, written())

    assert [(mail.status, mail.reason) for mail in inbound] == [
        *(("parked", "too_large"), ("parked", "unreadable"), ("parked", "empty")),
        ("opened", ""),
    ]
    assert inbound[0].size > 10 * 1024 * 1024
    assert inbound[1].detail == "it has several headers From"
    assert InboundMail.objects.parked().count() == 3
    assert Record.objects.filter(action="mail.parked").count() == 3


def test_a_mail_that_stops_the_worker_each_time_is_parked(mailbox, monkeypatch):
    def fail(mail):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(receiving, "_receive", fail)
        [inbound] = send(mailbox, written())
        for _ in range(MAX_TRIES):
            receive_waiting()

    inbound.refresh_from_db()
    assert (inbound.status, inbound.reason) == ("parked", "interrupted")
    assert [mail.status for mail in send(mailbox, written("Another."))] == ["opened"]


def test_a_mail_that_the_worker_only_stored_is_received_later(mailbox):
    inbound = InboundMail.objects.store(written().as_bytes(), source="mailbox")

    receive_waiting()
    receive_waiting()

    inbound.refresh_from_db()
    assert inbound.status == "opened"
    assert Ticket.objects.count() == 1


def test_without_the_knowledge_base_a_mail_is_a_ticket_without_an_ask(mailbox, monkeypatch):
    def fail(question, *, user_id):
        raise ConnectionError

    monkeypatch.setattr("assistant.channels.mail.answer_mail", fail)

    send(mailbox, written())

    assert Ticket.objects.get().ask_id is None


# --- The mailbox is down --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "error"),
    [
        (lambda s: s.url_with("wrong-pw"), "the mail server refuses the user name or the password"),
        (lambda s: s.url_with("p/w@of-the-mailbox", "None"), "the mailbox has no folder None"),
        (lambda s: "imap://u:wrong-pw@127.0.0.1:1/", "the mail server does not answer"),
        (lambda s: s.url.replace("imap:", "imaps:"), "no safe connection to the mail server"),
    ],
    ids=["wrong password", "no such folder", "not running", "no TLS"],
)
def test_a_mailbox_that_cannot_be_read_is_tried_again_and_shown(
    mailbox, settings, caplog, client, url, error
):
    settings.MAILBOX = mailbox_url.parse(url(mailbox))
    mailbox.deliver(written())

    fetch_new()
    fetch_new()

    state = MailboxState.current()
    assert (state.failures, state.is_due) == (1, False)
    assert state.error.startswith(error)
    assert failing_seconds() > 0
    assert error in caplog.text
    assert "wrong-pw" not in caplog.text + state.error
    assert mailbox.unseen() == 1
    MailboxState.objects.update(next_try=None)
    fetch_new()
    assert MailboxState.current().failures == 2

    settings.MAILBOX = mailbox_url.parse(mailbox.url)
    MailboxState.objects.update(next_try=None)
    fetch_new()
    state = MailboxState.current()
    assert (state.failures, state.error, failing_seconds()) == (0, "", 0)
    assert Ticket.objects.count() == 1
