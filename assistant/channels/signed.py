"""The signed contract: how a program hands over a message, and how it gets the reply.

The signature is that of webhooks, in both directions: see ``tickets.delivery.webhooks.signature``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from assistant.channels.channel import Channel
from assistant.channels.inbound import Inbound, Kind
from assistant.channels.replies import Outbound
from assistant.serializers import MAX_MESSAGE_LENGTH
from audit.fields import VisibleText
from tickets.delivery.webhooks import signature

IDENTIFIER = r"^[^\s\x00-\x1f\x7f\ud800-\udfff]{1,150}\Z"


class ChannelMessageSerializer(serializers.Serializer[Any]):
    """A message of a person, or with ``choice`` the button that they pressed."""

    id = serializers.RegexField(
        IDENTIFIER, help_text="Your id of the message. The same id is the same message."
    )
    sender = serializers.RegexField(
        IDENTIFIER, help_text="The person, as you know them, such as a phone number."
    )
    thread = serializers.RegexField(
        IDENTIFIER, required=False, help_text="Where they talk with you; default: the sender."
    )
    text = VisibleText(
        max_length=MAX_MESSAGE_LENGTH,
        required=False,
        help_text="The question, or the number of an option.",
    )
    choice = serializers.CharField(
        max_length=100, required=False, help_text="The choice of a button of the last reply."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("text" in attrs) == ("choice" in attrs):
            raise serializers.ValidationError({"text": "Send either text or choice."})
        return attrs


class AcknowledgementSerializer(serializers.Serializer[Any]):
    """The message is stored; its reply comes later, to the channel's reply URL."""

    id = serializers.CharField()
    is_new = serializers.BooleanField(help_text="False for an id that was sent before.")


def is_genuine(channel: Channel, body: bytes, headers: Mapping[str, str]) -> bool:
    return any(
        signature.is_genuine(
            body,
            timestamp=headers.get(signature.TIMESTAMP, ""),
            signatures=headers.get(signature.SIGNATURE, ""),
            secret=secret,
            now=time.time(),
        )
        for secret in channel.valid_secrets()
    )


def parse(channel: Channel, data: Any) -> Inbound:
    """Raises ``ValidationError``."""
    serializer = ChannelMessageSerializer(data=data)
    serializer.is_valid(raise_exception=True)
    fields = serializer.validated_data
    sender, choice = fields["sender"], fields.get("choice", "")
    thread = fields.get("thread", sender)
    return Inbound(
        id=fields["id"],
        kind=Kind.CHOICE if choice else Kind.QUESTION,
        sender=f"{channel.name}:{sender}",
        thread=thread,
        text=fields.get("text", ""),
        choice=choice,
        address={"sender": sender, "thread": thread},
    )


def body_of(outbound: Outbound, where: Mapping[str, Any], *, delivery: str) -> bytes:
    """The body of the request to the reply URL."""
    document = {
        "delivery_id": delivery,
        **dict(outbound.facts),
        "sender": where["sender"],
        "thread": where["thread"],
        "texts": list(outbound.texts),
        "buttons": [{"text": label, "choice": token} for label, token in outbound.buttons],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
