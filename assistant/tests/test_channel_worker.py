"""The real worker with an agent that hangs: messages are acknowledged, and webhooks go out."""

from __future__ import annotations

import threading

import pytest

from assistant.models import Message
from assistant.tests.channel_calls import UNKNOWN, make_channel, post_slack
from assistant.tests.chat_server import chatting
from assistant.tests.recorded_chat import slack_direct, slack_event
from assistant.tests.scripted_model import eventually, says
from audit.models import Record
from tickets.models import Ticket
from tickets.tests.receiver import receiving
from tickets.tests.test_worker import (
    SECONDS,
    _empty_queue,  # noqa: F401 (a fixture)
    settled,
    webhook_to,
    worker,
)

pytestmark = [pytest.mark.usefixtures("committed_faqs"), pytest.mark.slow]


def test_a_message_is_acknowledged_and_webhooks_go_out_while_the_agent_hangs(scripted):
    make_channel("slack")
    released = threading.Event()

    def hang(handler):
        released.wait(SECONDS)
        says("NONE")(handler)

    scripted.play(hang)
    event = slack_event(slack_direct(UNKNOWN))
    with (
        chatting() as slack,
        receiving() as shop,
        worker(
            AGENT_MODEL="openai-like:scripted",
            AGENT_BASE_URL=scripted.url,
            AGENT_LIMITS="seconds=30",
            FAQ_POLICY="cosine",
            SLACK_API_URL=slack.url,
        ),
    ):
        first = post_slack(event)
        assert eventually(lambda: len(scripted.requests) > 0, SECONDS)
        repeated = post_slack(event, **{"X-Slack-Retry-Num": "1"})
        webhook_to(shop)
        ticket = Ticket.objects.escalate("Where is it?", requester="u1", by="u1")
        settled(ticket.deliveries.get())

        # All of it before the agent has said a word.
        assert (first.status_code, repeated.status_code) == (200, 200)
        assert Message.objects.get().status == "waiting"
        assert slack.requests == []
        released.set()
        slack.wait_for(1)
        assert eventually(lambda: Message.objects.get().status == "answered", SECONDS)

    assert len(slack.requests) == 1
    assert Record.objects.filter(action="question.asked").count() == 1
