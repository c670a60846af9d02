"""Questions by mail: an FAQ answers once and word for word, or a person does."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from django.core import mail

from audit.models import Record
from faq.models import Release
from tickets.delivery import sending
from tickets.inbound.receiving import receive
from tickets.models import Delivery, InboundMail, Ticket

pytestmark = pytest.mark.django_db

JO = "jo@example.com"
CLEAR, UNCLEAR = "How do I reset my password?", "My neighbour's cat sits on the router."
PASS = "mx.desk.example; dmarc=pass"


@pytest.fixture(autouse=True)
def _answers(settings):
    settings.MAIL_ANSWERS = True
    settings.MAIL_AUTHSERV_ID = "mx.desk.example"
    settings.DEFAULT_FROM_EMAIL = "support@desk.example"


def take_in(text=CLEAR, *, sender=JO, **headers) -> InboundMail:
    take_in.number += 1
    named = {"Message-ID": f"<{take_in.number}@mail.example.com>", "Subject": "A question"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"From: {sender}", *(f"{name}: {value}" for name, value in named.items())]
    raw = "\r\n".join([*lines, "", text]).encode()
    stored = InboundMail.objects.store(raw, source="mailbox")
    receive(stored.pk)
    stored.refresh_from_db()
    return stored


take_in.number = 0


def sent() -> list:
    mail.outbox.clear()
    for delivery in Delivery.objects.filter(status="pending", kind="mail"):
        sending.deliver(str(delivery.pk))
    return list(mail.outbox)


def ask_of(inbound) -> Record:
    return Record.objects.all().about("ask", inbound.ask_id).get()


def test_a_clear_question_gets_the_faqs_answer_once_and_no_ticket():
    inbound = take_in(f"Hello,\n\n{CLEAR}\n\nKind regards\nJo")

    [answer] = sent()
    record = ask_of(inbound)
    faq = Release.objects.live().revisions.get(slug=record.data["faq_id"])
    assert faq.answer in answer.body
    assert "Reply to this mail, and a person reads it." in answer.body
    assert (answer.to, answer.subject) == ([JO], "Re: A question")
    assert answer.extra_headers["Auto-Submitted"] == "auto-replied"
    assert answer.extra_headers["X-Auto-Response-Suppress"] == "All"
    assert answer.extra_headers["In-Reply-To"] == f"<{take_in.number}@mail.example.com>"
    assert (record.data["channel"], record.data["outcome"]) == ("mail", "answered")
    assert record.data["question"] == CLEAR
    assert inbound.status == "answered"
    assert not Ticket.objects.exists()


def test_any_reply_to_an_answer_opens_a_ticket_with_both_mails_and_the_ask():
    inbound = take_in()
    [answer] = sent()
    reply = {"In_Reply_To": answer.extra_headers["Message-ID"]}

    take_in("That does not help me.", **reply)
    second = take_in("Are you there?", **reply)

    ticket = Ticket.objects.get()
    assert ticket.reason == "unhelpful"
    assert ticket.ask_id == inbound.ask_id
    assert "That does not help me." in ticket.full_message
    assert CLEAR in ticket.full_message
    assert [comment.full_text for comment in ticket.comments.all()] == ["Are you there?"]
    assert second.status == "joined"
    assert sent() == []


def test_somebody_elses_reply_to_an_answer_is_a_mail_of_its_own():
    take_in()
    [answer] = sent()

    take_in(UNCLEAR, sender="stranger@example.org", In_Reply_To=answer.extra_headers["Message-ID"])

    assert CLEAR not in Ticket.objects.get().full_message


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        pytest.param(UNCLEAR, {}, id="no FAQ answers"),
        pytest.param(
            "how do i return a parcel and get my money back", {}, id="it would be asked back"
        ),
        pytest.param("Hello!", {}, id="small talk"),
        pytest.param(CLEAR, {"Authentication_Results": "mx.desk.example; dmarc=fail"}, id="forged"),
    ],
)
def test_everything_else_is_a_ticket_with_its_ask(text, headers):
    inbound = take_in(text, **headers)

    ticket = Ticket.objects.get()
    assert ticket.ask_id == inbound.ask_id
    assert ask_of(inbound).data["channel"] == "mail"
    assert sent() == []


def test_without_the_setting_a_clear_question_is_a_ticket_with_its_ask(settings):
    settings.MAIL_ANSWERS = False

    inbound = take_in()

    assert Ticket.objects.get().ask_id == inbound.ask_id
    assert ask_of(inbound).data["outcome"] == "answered"
    assert sent() == []


def test_an_address_gets_three_answers_a_day_and_then_tickets():
    mails = [take_in() for _ in range(5)]

    assert [mail.status for mail in mails] == ["answered"] * 3 + ["opened"] * 2
    assert len(sent()) == 3


def test_the_agent_is_never_asked(monkeypatch):
    def fail(self, task, on_step):
        raise AssertionError

    monkeypatch.setattr("assistant.agent.bounded_agent.BoundedAgent.answer", fail)

    assert take_in(UNCLEAR).ask_id


# --- Two sites that write to each other -----------------------------------------------------------


SITES = {"support@one.example": "1" * 50, "support@two.example": "2" * 50}
"""Two sites by their address, with their keys."""


@pytest.mark.parametrize("keeps_headers", [True, False], ids=["as sent", "markers removed"])
def test_two_sites_that_write_to_each_other_stop_after_one_mail_each(settings, keeps_headers):
    first, second = SITES

    def pass_on(message, receiver):
        """The mail as the other site gets it."""
        settings.SECRET_KEY, settings.DEFAULT_FROM_EMAIL = SITES[receiver], receiver
        raw = message_from_bytes(message, policy=policy.default)
        if not keeps_headers:
            del raw["Auto-Submitted"], raw["X-Auto-Response-Suppress"]
        raw["Authentication-Results"] = PASS
        stored = InboundMail.objects.store(raw.as_bytes(), source="mailbox")
        receive(stored.pk)
        return [mail.message().as_bytes() for mail in sent()]

    opening = f"From: {second}\r\nMessage-ID: <0@two.example>\r\nSubject: x\r\n\r\n{CLEAR}"
    waiting, mails = [(opening.encode(), first)], []
    while waiting and len(mails) < 20:
        message, receiver = waiting.pop()
        replies = pass_on(message, receiver)
        mails += [receiver] * len(replies)
        waiting += [(reply, second if receiver == first else first) for reply in replies]

    assert mails == ([first] if keeps_headers else [first, second])
