"""The HTTP contract of /ask."""

from __future__ import annotations

import unicodedata
from typing import Any

from rest_framework import serializers

LONGEST_MESSAGE = 4000


class VisibleText(serializers.CharField):
    """Text of which a person can see something: zero-width characters alone are blank."""

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        if not any(unicodedata.category(character)[0] not in "CZ" for character in value):
            self.fail("blank")
        return value


class AskSerializer(serializers.Serializer[dict[str, str]]):
    user_id = serializers.RegexField(
        r"^[^\s\x00-\x1f\x7f]{1,200}\Z",
        required=False,
        help_text="Who is asking; the token's subject unless given.",
    )
    message = VisibleText(max_length=LONGEST_MESSAGE, help_text="The question.")
    conversation_id = serializers.CharField(max_length=100, required=False, default="")
    category = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        help_text="Only FAQs of this category may answer.",
    )
    choice = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        help_text="The faq_id picked from the options of the last reply.",
    )


class OptionSerializer(serializers.Serializer[Any]):
    faq_id = serializers.CharField()
    question = serializers.CharField()
    similarity = serializers.FloatField()
    confidence = serializers.FloatField(allow_null=True)


class AnswerSerializer(serializers.Serializer[Any]):
    """Describes the reply; ``Answer.as_dict`` makes it."""

    ask_id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=["answered", "clarify", "unanswered"])
    source = serializers.ChoiceField(choices=["faq", "agent"], allow_null=True)
    answer = serializers.CharField(allow_null=True)
    faq_id = serializers.CharField(allow_null=True)
    similarity = serializers.FloatField(allow_null=True)
    options = OptionSerializer(many=True)
    nearest = OptionSerializer(many=True)
    ticket = serializers.DictField(allow_null=True)
    citations = serializers.ListField(child=serializers.CharField())
    release = serializers.IntegerField(allow_null=True)
    degraded = serializers.ListField(child=serializers.CharField())
    decision = serializers.DictField()
