"""The HTTP contract of /tickets."""

from __future__ import annotations

import unicodedata
from typing import Any

from rest_framework import serializers

from tickets.models import Ticket

LONGEST_MESSAGE = 4000
SUBJECT = r"^[^\s\x00-\x1f\x7f]{1,200}\Z"


class NewTicketSerializer(serializers.Serializer[dict[str, Any]]):
    user_id = serializers.RegexField(
        SUBJECT, required=False, help_text="Who waits; the token's subject unless given."
    )
    message = serializers.CharField(max_length=LONGEST_MESSAGE)
    ask_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The ask it came from."
    )

    def validate_message(self, message: str) -> str:
        if not any(unicodedata.category(character)[0] not in "CZ" for character in message):
            raise serializers.ValidationError("This field may not be blank.")
        return message


class OnBehalfSerializer(serializers.Serializer[dict[str, Any]]):
    user_id = serializers.RegexField(
        SUBJECT, required=False, help_text="Whose tickets; a service must say it."
    )


class TicketFilterSerializer(OnBehalfSerializer):
    status = serializers.ChoiceField(choices=Ticket.Status.choices, required=False)
    before = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="Ids lower than this."
    )
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)


class TicketSerializer(serializers.ModelSerializer[Ticket]):
    user_id = serializers.CharField(source="requester")

    class Meta:
        model = Ticket
        fields = (
            *("id", "user_id", "message", "ask_id", "status", "assignee", "created", "updated"),
        )


class TicketListSerializer(serializers.Serializer[Any]):
    results = TicketSerializer(many=True)
    next = serializers.IntegerField(
        allow_null=True, help_text="Ask again with before=this for older tickets."
    )
