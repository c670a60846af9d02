"""A program hands over messages by the signed contract, and gets the replies at its URL."""

from __future__ import annotations

import json
import re
import time

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from assistant.agent.limits import Limits
from assistant.channels import answering, sending, signed
from assistant.channels.channel import OVERLAP
from assistant.models import Channel, Feedback, Message, Thread
from assistant.tests.channel_calls import (
    CLEAR,
    SECRET,
    UNCLEAR,
    UNKNOWN,
    asks,
    deliver,
    make_channel,
    post_signed,
    work,
)
from assistant.tests.chat_server import chatting
from audit.models import Record
from audit.privacy import channels
from tickets.delivery import receivers
from tickets.delivery.networks import networks
from tickets.delivery.webhooks import signature
from tickets.management.commands.worker import jobs_at_once
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback(settings):
    cache.clear()
    receivers.forget()
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")


@pytest.fixture
def gateway():
    with chatting() as server:
        yield server


@pytest.fixture
def shop(gateway):
    """A channel with plain text and no buttons, such as SMS."""
    return make_channel("webhook", gateway.url + "/replies")


@pytest.fixture
def app(gateway):
    """A channel that shows buttons and Markdown."""
    return make_channel("webhook", gateway.url + "/replies", has_buttons=True, has_links=True)


def say(text, *, id="m1", sender="c1", **more):
    response = post_signed({"id": id, "sender": sender, "text": text, **more})
    assert response.status_code == 202, response.content
    work()
    return response.json()


def press(token, *, id="p1", sender="c1"):
    post_signed({"id": id, "sender": sender, "choice": token})
    work()


def buttons(body):
    return {button["text"]: button["choice"] for button in body["buttons"]}


# --- Coming in ------------------------------------------------------------------------------------


def test_a_message_is_acknowledged_before_it_is_asked_and_its_reply_is_signed(app, gateway):
    response = post_signed({"id": "m1", "sender": "c1", "thread": "t1", "text": CLEAR})

    assert (response.status_code, response.json()) == (202, {"id": "m1", "is_new": True})
    assert asks() == []
    work()
    [ask] = asks()
    assert (ask.data["channel"], ask.outcome) == ("shop", "answered")
    assert ask.concerns("shop:c1")
    [request] = gateway.requests
    assert signature.is_genuine(
        request["raw"],
        timestamp=request["headers"][signature.TIMESTAMP],
        signatures=request["headers"][signature.SIGNATURE],
        secret=SECRET,
        now=time.time(),
    )
    body = request["body"]
    assert body["delivery_id"] == request["headers"][signature.ID]
    assert {
        name: body[name] for name in ("type", "in_reply_to", "outcome", "thread", "sender")
    } == {
        "type": "answer",
        "in_reply_to": "m1",
        "outcome": "answered",
        "thread": "t1",
        "sender": "c1",
    }
    assert body["texts"] == [ask.data["answer"]]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"secret": "another secret, 0123456789abcdefghi"}, id="another secret"),
        pytest.param({"age": 301}, id="more than five minutes old"),
        pytest.param({"age": -310}, id="more than five minutes ahead"),
        pytest.param({signature.SIGNATURE: "v1=00"}, id="no signature"),
        pytest.param({signature.TIMESTAMP: "١٢٣"}, id="no timestamp"),
    ],
)
def test_what_is_not_signed_by_the_channel_is_refused_and_not_stored(options, shop):
    response = post_signed({"id": "m1", "sender": "c1", "text": CLEAR}, **options)

    assert response.status_code == 401
    assert not Message.objects.exists()
    assert Record.objects.latest("id").action == "request.refused"


def test_unknown_channels_and_channels_that_are_off_look_the_same(shop):
    unknown = post_signed({"id": "m1", "sender": "c1", "text": CLEAR}, name="nowhere")
    shop.switch(on=False, by="sam")
    off = post_signed({"id": "m1", "sender": "c1", "text": CLEAR})

    assert (unknown.status_code, off.status_code) == (404, 404)
    assert unknown.json()["detail"] == off.json()["detail"]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        pytest.param({"sender": "c1", "text": "a"}, "id", id="no id"),
        pytest.param({"id": "m 1", "sender": "c1", "text": "a"}, "id", id="an id with a blank"),
        pytest.param({"id": "m1", "text": "a"}, "sender", id="no sender"),
        pytest.param({"id": "m1", "sender": "c1"}, "text", id="neither text nor choice"),
        pytest.param({"id": "m1", "sender": "c1", "text": "\u200b"}, "text", id="nothing to see"),
        pytest.param({"id": "m1", "sender": "c1", "text": "a" * 4_001}, "text", id="too long"),
        pytest.param({"id": "m1", "sender": "c1", "text": "a", "choice": "b"}, "text", id="both"),
    ],
)
def test_a_message_that_lacks_something_is_refused_by_field(document, field, shop):
    response = post_signed(document)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_a_body_that_is_too_large_or_no_json_is_refused(shop):
    assert post_signed(b'{"id": "' + b"a" * 300_000 + b'"}').status_code == 413
    assert post_signed(b"[" * 500 + b"]" * 500).status_code == 400
    assert post_signed(b"hello").status_code == 400


def test_the_same_id_is_asked_and_answered_once(shop, gateway):
    first = say(CLEAR)
    second = say(CLEAR)

    assert (first["is_new"], second["is_new"]) == (True, False)
    assert (len(asks()), len(gateway.requests)) == (1, 1)


def test_one_person_can_send_so_many_messages_and_others_still_can(shop, settings):
    settings.CHANNEL_THROTTLE = "2/min"
    statuses = [
        post_signed({"id": f"m{number}", "sender": "c1", "text": CLEAR}) for number in range(3)
    ]
    other = post_signed({"id": "m9", "sender": "c2", "text": CLEAR})

    assert [response.status_code for response in statuses] == [202, 202, 429]
    assert int(statuses[2]["Retry-After"]) > 0
    assert other.status_code == 202


def test_messages_are_answered_in_a_queue_of_their_own_and_in_the_order_of_their_thread(shop):
    post_signed({"id": "m1", "sender": "c1", "text": CLEAR})

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT queue_name, lock FROM procrastinate_jobs WHERE task_name = %s",
            ["assistant.answer_message"],
        )
        jobs = cursor.fetchall()
    assert jobs == [("asks", f"channel-thread-{Thread.objects.get().pk}")]


@pytest.mark.parametrize(
    ("queue", "model", "expected"), [("asks", "m", 2), ("asks", "", 4), ("mail", "m", 4)]
)
def test_the_worker_asks_no_more_at_once_than_the_agent_runs(queue, model, expected, settings):
    settings.AGENT_MODEL = model
    settings.AGENT_LIMITS = Limits(runs_at_once=2)

    assert jobs_at_once(queue, 4) == expected


# --- Choosing -------------------------------------------------------------------------------------


def test_options_are_buttons_where_there_are_buttons(app, gateway):
    say(UNCLEAR)
    clarification = gateway.bodies[0]
    assert clarification["outcome"] == "clarify"
    label, *_, none, person = buttons(clarification)
    assert (none, person) == ("None of these", "Ask a person")

    press(buttons(clarification)[label])

    assert gateway.bodies[1]["outcome"] == "answered"
    assert asks()[1].data["choice"] == asks()[0].data["options"][0]["faq_id"]
    assert set(buttons(gateway.bodies[1])) == {"This helped", "This did not help", "Ask a person"}


def test_options_are_numbers_where_there_are_no_buttons(shop, gateway):
    say(UNCLEAR)
    clarification = gateway.bodies[0]
    lines = clarification["texts"][0].splitlines()
    assert clarification["buttons"] == []
    assert lines[2].startswith("1. ")
    assert lines[-1] == "Reply with a number."

    say("1.", id="m2")

    assert gateway.bodies[1]["outcome"] == "answered"
    assert asks()[1].data["choice"] == asks()[0].data["options"][0]["faq_id"]


def test_none_of_these_offers_a_person(app, gateway):
    say(UNCLEAR)

    press(buttons(gateway.bodies[0])["None of these"])

    assert gateway.bodies[1]["outcome"] == "unanswered"
    assert list(buttons(gateway.bodies[1])) == ["Ask a person"]


def test_nobody_can_choose_from_what_somebody_else_was_offered(app, gateway):
    say(UNCLEAR)
    token = next(iter(buttons(gateway.bodies[0]).values()))

    press(token, sender="c2")

    assert (len(asks()), len(gateway.requests)) == (1, 1)


@pytest.mark.parametrize("token", ["nonsense", "00000000-0000-4000-8000-000000000000:1", ":"])
def test_an_unknown_choice_asks_for_the_question(token, app, gateway):
    press(token)

    assert asks() == []
    assert gateway.bodies[0]["texts"] == ["How can we help?"]


def test_feedback_by_button_is_the_feedback_of_who_asked(app, gateway):
    say(CLEAR)

    press(buttons(gateway.bodies[0])["This did not help"])

    feedback = Feedback.objects.get()
    assert (str(feedback.ask_id), feedback.helpful) == (gateway.bodies[0]["ask_id"], False)
    assert list(buttons(gateway.bodies[1])) == ["Ask a person"]


# --- A person -------------------------------------------------------------------------------------


@pytest.fixture
def ticket(app, gateway):
    """Opened from an unanswered question, by its button."""
    say(UNKNOWN + " Call 0171 2345678.")
    press(buttons(gateway.bodies[0])["Ask a person"])
    return Ticket.objects.get()


def test_an_unanswered_question_becomes_a_ticket_with_its_text_as_written(ticket, gateway):
    assert ticket.full_message == UNKNOWN + " Call 0171 2345678."
    assert str(ticket.ask_id) == gateway.bodies[0]["ask_id"]
    assert (ticket.requester, ticket.reason) == ("shop:c1", "unanswered")
    assert gateway.bodies[1]["texts"] == [
        f"Your ticket has the number {ticket.pk}. A person answers you here."
    ]
    opened = Record.objects.get(action="ticket.opened")
    assert opened.data["channel"] == "shop"


def test_a_button_that_is_pressed_twice_opens_one_ticket(ticket, gateway):
    press(buttons(gateway.bodies[0])["Ask a person"], id="p2")

    assert Ticket.objects.count() == 1


def test_public_replies_go_back_into_the_thread_exactly_as_written(ticket, gateway):
    ticket.claim(by="sam")
    ticket.comment("An internal note.", by="sam", is_internal=True)
    ticket.comment("Call *us* at 030 1234567: we have_one.", by="sam")
    work()
    ticket.resolve(by="sam")
    work()

    reply, resolved = gateway.bodies[2:]
    assert (reply["type"], reply["ticket"], reply["sender"]) == ("ticket", ticket.pk, "c1")
    # As Markdown that shows the same characters.
    assert reply["texts"] == [r"Call \*us\* at 030 1234567: we have\_one."]
    assert resolved["texts"] == [f"Ticket {ticket.pk} is resolved."]
    stored = Delivery.objects.get(event="commented", kind="channel").payload["text"]
    assert "1234567" not in stored


def test_what_the_customer_writes_joins_the_open_ticket_and_is_not_asked(ticket, gateway):
    say("It is a gift.", id="m2")

    assert [comment.text for comment in ticket.comments.all()] == ["It is a gift."]
    assert not ticket.comments.get().from_desk
    assert len(asks()) == 1


def test_another_question_can_be_asked_while_the_ticket_is_open(ticket, gateway):
    press(buttons(gateway.bodies[1])["Ask another question"], id="p2")
    say(CLEAR, id="m2")
    ticket.comment("We do not.", by="sam")
    work()

    assert [record.outcome for record in asks()] == ["unanswered", "answered"]
    assert gateway.bodies[-1]["texts"] == ["We do not."]


def test_after_the_ticket_messages_are_questions_again(ticket, gateway):
    ticket.resolve(by="sam")
    say(CLEAR, id="m2")

    assert asks()[-1].outcome == "answered"
    assert not ticket.comments.exists()


# --- What fails -----------------------------------------------------------------------------------


def test_a_gateway_that_is_down_gets_the_reply_later_and_says_when(shop, gateway, settings):
    settings.DELIVERY_RETRY_DELAYS = (10, 60)
    gateway.problems = [(503, {}, {}), (429, {"Retry-After": "90"}, {})]
    post_signed({"id": "m1", "sender": "c1", "text": CLEAR})
    answering.answer(str(Message.objects.get().pk))

    assert [deliver(), deliver(), deliver()] == [[10], [90], []]
    delivery = Delivery.objects.get(kind="channel")
    results = [attempt.result for attempt in delivery.attempts.all()]
    assert (delivery.status, results) == ("delivered", ["503", "429", "200"])


@pytest.mark.parametrize(
    ("status", "waits"), [(400, []), (404, []), (408, [10]), (425, [10]), (429, [10]), (500, [10])]
)
def test_a_reply_that_the_gateway_refuses_is_not_sent_again(status, waits, shop, gateway, settings):
    settings.DELIVERY_RETRY_DELAYS = (10,)
    gateway.problems = [(status, {}, {})]
    post_signed({"id": "m1", "sender": "c1", "text": CLEAR})
    answering.answer(str(Message.objects.get().pk))

    assert deliver() == waits
    assert Delivery.objects.get(kind="channel").status == ("pending" if waits else "dead")


def test_a_question_that_cannot_be_answered_at_the_last_try_goes_to_a_person(
    app, gateway, monkeypatch
):
    def fail():
        raise ConnectionError

    monkeypatch.setattr(answering, "get_assistant", fail)
    post_signed({"id": "m1", "sender": "c1", "text": CLEAR})
    message = Message.objects.get()
    with pytest.raises(ConnectionError):
        answering.answer(str(message.pk))
    assert message.status == "waiting"

    answering.answer(str(message.pk), is_last_try=True)
    deliver()

    message.refresh_from_db()
    assert (message.status, message.result) == ("failed", "ConnectionError")
    assert message.thread.last_offers() is not None
    press(buttons(gateway.bodies[0])["Ask a person"])
    assert Ticket.objects.get().message == CLEAR


class Killed(BaseException):
    """The worker's process ends here."""


def test_a_worker_that_is_killed_between_record_and_reply_leaves_neither(app, gateway, monkeypatch):
    def die(*args):
        raise Killed

    post_signed({"id": "m1", "sender": "c1", "text": CLEAR})
    message = Message.objects.get()
    with monkeypatch.context() as killed:
        killed.setattr(sending, "enqueue", die)
        with pytest.raises(Killed):
            answering.answer(str(message.pk))
    message.refresh_from_db()
    assert (asks(), message.status) == ([], "waiting")

    work()

    [ask] = asks()
    [reply] = gateway.bodies
    assert ask.about == f"ask:{reply['ask_id']}"
    assert reply["ask_id"] == str(Message.objects.get().ask_id)


def test_personal_data_is_refused_with_its_reason_where_it_is_not_accepted(app, gateway, settings):
    settings.REDACTION = channels.parse("ask=reject")
    say("My address is jo@example.com, what now?")

    assert "Personal data is not accepted here" in gateway.bodies[0]["texts"][0]
    assert asks() == []


# --- Privacy and secrets --------------------------------------------------------------------------


def test_a_phone_number_as_sender_is_stored_nowhere_in_clear(app, gateway):
    say(CLEAR, sender="+491712345678", id="wamid.1")

    thread = Thread.objects.get()
    assert thread.user_id.startswith("shop:[PHONE]")
    assert thread.where == {"sender": "+491712345678", "thread": "+491712345678"}
    with connection.cursor() as cursor:
        for model in (Thread, Message, Delivery):
            cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t")
            assert "1712345678" not in str(cursor.fetchall())
    assert gateway.bodies[0]["sender"] == "+491712345678"


def test_erasing_a_person_deletes_their_threads_and_nothing_more_is_sent(ticket, gateway):
    ticket.comment("We do.", by="sam")
    count = len(gateway.requests)
    call_command("audit_erase", "shop:c1", verbosity=0)
    work()

    assert not Thread.objects.exists()
    assert not Message.objects.exists()
    assert len(gateway.requests) == count
    assert {str(delivery.payload) for delivery in Delivery.objects.filter(kind="channel")} == {"{}"}
    assert not Delivery.objects.filter(status="pending", kind="channel").exists()


def test_the_previous_secret_is_valid_for_a_day_after_a_rotation(shop, monkeypatch):
    new = shop.rotate(by="sam")
    document = {"id": "m1", "sender": "c1", "text": CLEAR}

    assert post_signed(document).status_code == 202
    assert post_signed(document, secret=new).status_code == 202
    Channel.objects.update(rotated=shop.rotated - OVERLAP)
    assert post_signed(document).status_code == 401
    assert Record.objects.filter(action="channel.rotated").count() == 1


def test_secrets_are_encrypted_and_a_changed_key_refuses_instead_of_failing(shop, settings):
    assert SECRET not in json.dumps(list(Channel.objects.values()), default=str)
    settings.SECRET_KEY = "another-key-" + "x" * 40

    assert post_signed({"id": "m1", "sender": "c1", "text": CLEAR}).status_code == 401


def test_old_messages_are_deleted_but_not_a_thread_with_a_ticket(ticket):
    Message.objects.update(received="2026-01-01T00:00Z")
    Thread.objects.update(last="2026-01-01T00:00Z")
    Delivery.objects.update(created="2026-01-01T00:00Z")

    Message.objects.delete_old()

    assert not Message.objects.exists()
    assert not Delivery.objects.filter(kind="channel").exists()
    assert Thread.objects.count() == 1


def test_a_long_thread_has_several_conversations(shop):
    say(CLEAR)
    say(CLEAR, id="m2")
    Thread.objects.update(last="2026-01-01T00:00Z")
    say(CLEAR, id="m3")

    first, second, third = (record.data["conversation_id"] for record in asks())
    assert first == second != third


def test_the_contract_is_in_the_schema_as_the_serializer_has_it(as_role):
    schema = as_role("admin").get("/schema", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    operation = schema["paths"]["/channels/{name}"]["post"]
    body = schema["components"]["schemas"]["ChannelMessageRequest"]

    assert set(body["properties"]) == set(signed.ChannelMessageSerializer().fields)
    assert body["required"] == ["id", "sender"]
    assert {"202", "400", "401", "404", "429"} <= set(operation["responses"])
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"name", signature.TIMESTAMP, signature.SIGNATURE} == names
    assert not operation.get("security")
    assert re.search("same message", body["properties"]["id"]["description"])
