"""Channels for tests, signed requests to them, and the worker's part done at once."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from assistant.channels import answering, slack, telegram
from assistant.models import Channel, Message
from audit.models import Record
from tickets.delivery import sending
from tickets.delivery.webhooks import signature
from tickets.models import Delivery

SECRET = "a secret of these tests alone, 0123456789"
CLEAR = "How do I reset my password?"
UNCLEAR = "how do i return a parcel and get my money back"
UNKNOWN = "Do you sell live penguins?"


def make_channel(kind: str, reply_url: str = "", **fields: Any) -> Channel:
    name = {"webhook": "shop"}.get(kind, kind)
    channel = Channel(name=name, kind=kind, reply_url=reply_url, **fields)
    channel.set_secret(SECRET)
    channel.set_token("" if kind == "webhook" else "123:a-token-of-a-bot")
    channel.full_clean()
    channel.save()
    return channel


def post_signed(
    document: Any, *, age: float = 0, secret: str = SECRET, name: str = "shop", **extra: Any
) -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    signed = signature.headers(body, delivery="x", timestamp=int(time.time() - age), keys=[secret])
    return Client().post(
        f"/channels/{name}", body, content_type="application/json", headers={**signed, **extra}
    )


def post_slack(
    document: Any, *, age: float = 0, secret: str = SECRET, is_form: bool = False, **headers: Any
) -> Any:
    text = json.dumps(document)
    body = urlencode({"payload": text}).encode() if is_form else text.encode()
    timestamp = str(int(time.time() - age))
    signed = {
        slack.TIMESTAMP: timestamp,
        slack.SIGNATURE: slack.sign(body, timestamp=timestamp, secret=secret).decode(),
    }
    kind = "application/x-www-form-urlencoded" if is_form else "application/json"
    return Client().post("/channels/slack", body, content_type=kind, headers={**signed, **headers})


def post_telegram(document: Any, *, secret: str = SECRET) -> Any:
    return Client().post(
        "/channels/telegram",
        json.dumps(document),
        content_type="application/json",
        headers={telegram.SECRET_HEADER: secret},
    )


def work() -> None:
    """What the worker does: answer what waits, then send what is pending."""
    for message in Message.objects.filter(status="waiting").order_by("received"):
        answering.answer(str(message.pk))
    deliver()


def deliver() -> list[int]:
    """Send what is pending; the seconds until the next try of each that failed."""
    waits = []
    pending = Delivery.objects.filter(status="pending", kind="channel").order_by("created")
    for delivery in pending:
        try:
            sending.deliver(str(delivery.pk))
        except sending.DeliveryFailed as failure:
            waits.append(failure.seconds)
    return waits


def asks() -> list[Record]:
    return list(Record.objects.filter(action="question.asked").order_by("id"))
