"""Recorded updates of Telegram, and what a server that stands for Telegram gets back."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from assistant.channels.rendering import length
from assistant.models import Feedback, Message
from assistant.tests.channel_calls import (
    CLEAR,
    UNCLEAR,
    UNKNOWN,
    asks,
    deliver,
    make_channel,
    post_telegram,
    work,
)
from assistant.tests.chat_server import chatting
from assistant.tests.recorded_chat import telegram_message, telegram_press, telegram_reaction
from tickets.delivery import receivers
from tickets.delivery.networks import networks
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def telegram(settings):
    cache.clear()
    receivers.forget()
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    make_channel("telegram")
    with chatting() as server:
        settings.TELEGRAM_API_URL = server.url
        yield server


def send(update):
    response = post_telegram(update)
    assert response.status_code == 200, response.content
    work()
    return response.json()


def buttons(body):
    rows = body.get("reply_markup", {}).get("inline_keyboard", [])
    return {button["text"]: button["callback_data"] for row in rows for button in row}


def test_only_the_secret_of_the_channel_is_accepted():
    response = post_telegram(telegram_message(CLEAR), secret="another secret")

    assert response.status_code == 401
    assert not Message.objects.exists()


def test_a_message_is_asked_and_answered_in_its_chat(telegram):
    send(telegram_message(CLEAR))

    assert [(ask.data["channel"], ask.outcome) for ask in asks()] == [("telegram", "answered")]
    assert asks()[0].concerns("telegram:41")
    [request] = telegram.requests
    assert request["path"] == "/bot123:a-token-of-a-bot/sendMessage"
    assert (request["body"]["chat_id"], request["body"]["parse_mode"]) == (41, "HTML")
    assert list(buttons(request["body"])) == ["This helped", "This did not help", "Ask a person"]
    assert all(len(token) <= 64 for token in buttons(request["body"]).values())


def test_an_update_that_comes_twice_is_answered_once(telegram):
    send(telegram_message(CLEAR))
    send(telegram_message(CLEAR))

    assert (len(asks()), len(telegram.requests)) == (1, 1)


def test_start_is_greeted_and_not_asked(telegram):
    send(telegram_message("/start"))
    send(telegram_message("/ask@shop_bot " + CLEAR, update=2))

    assert telegram.bodies[0]["text"] == "How can we help?"
    assert [ask.data["question"] for ask in asks()] == [CLEAR]


def test_options_are_an_inline_keyboard_and_the_press_is_ended_at_once(telegram):
    send(telegram_message(UNCLEAR))
    offered = buttons(telegram.bodies[0])
    assert list(offered)[-2:] == ["None of these", "Ask a person"]

    reply = send(telegram_press(next(iter(offered.values()))))

    assert reply == {"method": "answerCallbackQuery", "callback_query_id": "4382bfdwdsb323b2d9"}
    assert [ask.outcome for ask in asks()] == ["clarify", "answered"]


@pytest.mark.parametrize(("emoji", "helpful"), [("👍", True), ("👎", False), ("🤔", None)])
def test_a_reaction_to_an_answer_is_feedback(emoji, helpful, telegram):
    send(telegram_message(CLEAR))

    send(telegram_reaction(emoji, message_id=1))

    stored = [feedback.helpful for feedback in Feedback.objects.all()]
    assert stored == ([] if helpful is None else [helpful])


def test_a_button_is_feedback_too(telegram):
    send(telegram_message(CLEAR))

    send(telegram_press(buttons(telegram.bodies[0])["This helped"]))

    assert Feedback.objects.get().helpful


def test_a_ticket_is_opened_and_its_reply_comes_back_in_parts_that_fit(telegram):
    send(telegram_message(UNKNOWN))
    send(telegram_press(buttons(telegram.bodies[0])["Ask a person"]))
    text = "All of it <costs> more. " * 300
    Ticket.objects.get().comment(text, by="sam")
    work()

    texts = [body["text"] for body in telegram.bodies[2:]]
    assert len(texts) == 3
    assert all(length(part) <= 4096 for part in texts)
    assert " ".join(texts).replace("&lt;", "<").replace("&gt;", ">").split() == text.split()


def test_parts_that_arrived_are_not_sent_again(telegram, settings):
    settings.DELIVERY_RETRY_DELAYS = (0, 0)
    send(telegram_message(UNKNOWN))
    send(telegram_press(buttons(telegram.bodies[0])["Ask a person"]))
    Ticket.objects.get().comment("one " * 1_000 + "two " * 1_000, by="sam")
    ok = {"ok": True, "result": {"message_id": 50, "chat": {"id": 41}}}
    telegram.problems = [(200, {}, ok), (502, {}, {})]

    assert [deliver(), deliver()] == [[0], []]
    first, failed, again = [body["text"] for body in telegram.bodies[2:]]
    assert failed == again
    assert first.startswith("one")


def test_telegram_may_ask_to_wait_and_the_token_is_in_no_log(telegram, settings):
    settings.DELIVERY_RETRY_DELAYS = (10, 60)
    problem = {"ok": False, "error_code": 429, "description": "Too Many Requests: retry after 35"}
    telegram.problems = [(429, {}, {**problem, "parameters": {"retry_after": 35}})]
    post_telegram(telegram_message(CLEAR))
    work()
    settings.TELEGRAM_API_URL = "http://127.0.0.1:1"
    deliver()

    delivery = Delivery.objects.get(kind="channel")
    limited, unreachable = delivery.attempts.all()
    assert limited.result == "429 Too Many Requests: retry after 35"
    assert unreachable.result == "ConnectError"


def test_a_person_who_blocked_the_bot_ends_the_delivery_at_once(telegram, settings):
    settings.DELIVERY_RETRY_DELAYS = (10,)
    blocked = "Forbidden: bot was blocked by the user"
    telegram.problems = [(403, {}, {"ok": False, "error_code": 403, "description": blocked})]
    post_telegram(telegram_message(CLEAR))
    work()

    delivery = Delivery.objects.dead().get()
    assert [attempt.result for attempt in delivery.attempts.all()] == [f"403 {blocked}"]


@pytest.mark.parametrize(
    "update",
    [
        pytest.param({}, id="no update_id"),
        pytest.param({"update_id": 1, "message": {}}, id="no sender"),
        pytest.param({"update_id": 1, "callback_query": {"id": "1"}}, id="no message"),
        pytest.param([1], id="a list"),
    ],
)
def test_what_is_unreadable_is_a_bad_request(update):
    assert post_telegram(update).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"text": None, "photo": []}, id="a picture"),
        pytest.param({"from": {"id": 5, "is_bot": True}}, id="a bot"),
    ],
)
def test_what_is_no_question_is_acknowledged_and_not_asked(changes, telegram):
    send(telegram_message(CLEAR, **changes))

    assert asks() == []
    assert telegram.requests == []
