"""Recorded requests of Slack, and what a server that stands for Slack gets back."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from assistant.models import Feedback, Message
from assistant.tests.channel_calls import (
    CLEAR,
    UNCLEAR,
    UNKNOWN,
    asks,
    deliver,
    make_channel,
    post_slack,
    work,
)
from assistant.tests.chat_server import chatting
from assistant.tests.recorded_chat import (
    DIRECT,
    ROOM,
    slack_direct,
    slack_event,
    slack_in_room,
    slack_mention,
    slack_press,
    slack_reaction,
)
from tickets.delivery import receivers
from tickets.delivery.networks import networks
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def slack(settings):
    cache.clear()
    receivers.forget()
    settings.WEBHOOK_NETWORKS = networks("127.0.0.0/8")
    make_channel("slack")
    with chatting() as server:
        settings.SLACK_API_URL = server.url
        yield server


def send(event, event_id="Ev08MFMKH6", **headers):
    response = post_slack(slack_event(event, event_id), **headers)
    assert response.status_code == 200, response.content
    work()


def press(value, ts="17.000001", channel=DIRECT, **more):
    response = post_slack(slack_press(value, channel, ts, **more), is_form=True)
    assert response.status_code == 200, response.content
    work()


def buttons(body):
    elements = [
        element
        for block in body.get("blocks", ())
        if block["type"] == "actions"
        for element in block["elements"]
    ]
    return {element["text"]["text"]: element["value"] for element in elements}


def test_the_address_is_verified_when_it_is_entered():
    document = {"token": "x", "challenge": "3eZbrw1aB", "type": "url_verification"}

    response = post_slack(document)

    assert (response.status_code, response.json()) == (200, {"challenge": "3eZbrw1aB"})


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"secret": "another secret"}, id="another secret"),
        pytest.param({"age": 301}, id="an old timestamp"),
        pytest.param({"age": -310}, id="a timestamp ahead"),
        pytest.param({"X-Slack-Signature": "v0=00"}, id="another signature"),
        pytest.param({"X-Slack-Signature": "v0=ü"}, id="a signature that is not ASCII"),
        pytest.param({"X-Slack-Request-Timestamp": "now"}, id="no timestamp"),
    ],
)
def test_a_bad_signature_is_refused(options):
    response = post_slack(slack_event(slack_direct(CLEAR)), **options)

    assert response.status_code == 401
    assert not Message.objects.exists()


def test_a_direct_message_is_asked_and_answered_with_the_bots_token(slack):
    send(slack_direct(CLEAR))

    [ask] = asks()
    assert (ask.data["channel"], ask.outcome) == ("slack", "answered")
    assert ask.concerns("slack:T061EG9R6:U2147483697")
    [request] = slack.requests
    assert request["path"] == "/chat.postMessage"
    assert request["headers"]["Authorization"] == "Bearer 123:a-token-of-a-bot"
    assert request["body"]["channel"] == DIRECT
    assert "thread_ts" not in request["body"]
    assert list(buttons(request["body"])) == ["Ask a person"]


def test_a_retry_is_answered_once(slack):
    send(slack_direct(CLEAR))
    send(slack_direct(CLEAR), **{"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"})

    assert (len(asks()), len(slack.requests)) == (1, 1)


def test_a_mention_that_comes_as_two_events_is_answered_once_and_in_its_thread(slack):
    send(slack_mention(CLEAR, "1.1"), "Ev1")
    send(slack_in_room("<@U0LAN0Z89> " + CLEAR, "1.1"), "Ev2")

    assert [ask.data["question"] for ask in asks()] == [CLEAR]
    assert slack.bodies[0]["thread_ts"] == "1.1"


def test_in_a_room_only_mentions_and_threads_of_whoever_mentioned_are_asked(slack):
    send(slack_in_room("Lunch?", "1.0"), "Ev0")
    send(slack_mention(UNCLEAR, "1.1"), "Ev1")
    send(slack_in_room(CLEAR, "1.2", thread_ts="1.1"), "Ev2")
    send(slack_in_room(CLEAR, "1.3", thread_ts="1.1", user="U2"), "Ev3")

    assert [ask.data["question"] for ask in asks()] == [UNCLEAR, CLEAR]
    assert [body["thread_ts"] for body in slack.bodies] == ["1.1", "1.1"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"bot_id": "B1"}, id="our own message"),
        pytest.param({"user": "U0LAN0Z89"}, id="our own user"),
        pytest.param({"subtype": "message_changed"}, id="an edit"),
        pytest.param({"subtype": "message_deleted"}, id="a deletion"),
        pytest.param({"text": ""}, id="no text"),
        pytest.param({"type": "team_join"}, id="another event"),
    ],
)
def test_what_is_no_question_is_acknowledged_and_not_asked(changes, slack):
    send({**slack_direct(CLEAR), **changes})

    assert asks() == []
    assert slack.requests == []


def test_slacks_marks_are_read_as_words():
    send(slack_direct("Is <https://shop.example|the shop> &amp; <@U9|ann> in <#C1|general> open?"))

    assert asks()[0].data["question"] == "Is the shop & ann in general open?"


def test_options_are_buttons_and_the_chosen_one_is_answered(slack):
    send(slack_direct(UNCLEAR))
    offered = buttons(slack.bodies[0])
    assert list(offered)[-2:] == ["None of these", "Ask a person"]

    press(next(iter(offered.values())))

    assert [ask.outcome for ask in asks()] == ["clarify", "answered"]
    assert asks()[1].data["choice"] == asks()[0].data["options"][0]["faq_id"]


def test_a_button_in_a_thread_of_a_room_is_answered_there_and_only_for_who_asked(slack):
    send(slack_mention(UNCLEAR, "1.1"))
    value = next(iter(buttons(slack.bodies[0]).values()))

    press(value, channel=ROOM, thread_ts="1.1", user="U2")
    press(value, channel=ROOM, thread_ts="1.1")

    assert [ask.outcome for ask in asks()] == ["clarify", "answered"]
    assert slack.bodies[1]["thread_ts"] == "1.1"


@pytest.mark.parametrize(
    ("reaction", "helpful"),
    [("+1", True), ("+1::skin-tone-4", True), ("-1", False), ("tada", None)],
)
def test_a_reaction_to_an_answer_is_feedback(reaction, helpful, slack):
    send(slack_direct(CLEAR))

    send(slack_reaction(reaction, DIRECT, "17.000001"), "Ev2")

    stored = [feedback.helpful for feedback in Feedback.objects.all()]
    assert stored == ([] if helpful is None else [helpful])
    # A reaction needs no reply.
    assert len(slack.requests) == 1


def test_a_reaction_of_somebody_else_or_to_another_message_is_no_feedback(slack):
    send(slack_direct(CLEAR))

    send(slack_reaction("-1", DIRECT, "17.000001", user="U2"), "Ev2")
    send(slack_reaction("-1", DIRECT, "99.9"), "Ev3")

    assert not Feedback.objects.exists()


def test_an_unanswered_question_becomes_a_ticket_whose_replies_come_back(slack):
    send(slack_direct(UNKNOWN))
    press(buttons(slack.bodies[0])["Ask a person"])
    ticket = Ticket.objects.get()

    ticket.comment("Sorry, *no* penguins & <no> owls.", by="sam")
    work()

    body = slack.bodies[-1]
    assert body["channel"] == DIRECT
    # As written: no character of it is a mark.
    assert (body["text"], body["mrkdwn"]) == ("Sorry, *no* penguins &amp; &lt;no&gt; owls.", False)


def test_slack_may_ask_to_wait_and_the_desk_sees_why(slack, settings):
    settings.DELIVERY_RETRY_DELAYS = (10, 60, 300)
    slack.problems = [
        (429, {"Retry-After": "30"}, {"ok": False, "error": "ratelimited"}),
        (200, {}, {"ok": False, "error": "internal_error"}),
    ]
    post_slack(slack_event(slack_direct(CLEAR)))
    work()

    delivery = Delivery.objects.get(kind="channel")
    assert 20 < (delivery.next_try - delivery.attempts.get().at).total_seconds() < 31
    assert [deliver(), deliver()] == [[60], []]
    results = [attempt.result for attempt in delivery.attempts.all()]
    assert results == ["429", "200 internal_error", "200"]


def test_a_room_that_does_not_exist_ends_the_delivery_at_once(slack, settings):
    settings.DELIVERY_RETRY_DELAYS = (10,)
    slack.problems = [(200, {}, {"ok": False, "error": "channel_not_found"})]
    post_slack(slack_event(slack_direct(CLEAR)))
    work()

    delivery = Delivery.objects.dead().get()
    assert [attempt.result for attempt in delivery.attempts.all()] == ["200 channel_not_found"]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="a list"),
        pytest.param({"type": "event_callback"}, id="no event"),
        pytest.param({"type": "event_callback", "event": {"type": "message"}}, id="no user"),
        pytest.param({"type": "block_actions", "actions": []}, id="no action"),
        pytest.param({"type": "event_callback", "event": "x"}, id="an event that is a text"),
    ],
)
def test_what_is_genuine_but_unreadable_is_a_bad_request(document):
    assert post_slack(document).status_code == 400
