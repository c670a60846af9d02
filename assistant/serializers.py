"""The HTTP contract of /ask."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from assistant.answering.answer import Purpose
from assistant.decision_serializers import CorrectionSerializer, DecisionSerializer
from audit.fields import SubjectField, VisibleText

MAX_MESSAGE_LENGTH = 4000


class AskSerializer(serializers.Serializer[dict[str, str]]):
    user_id = SubjectField(
        required=False,
        help_text="The person who asks; default: the subject of the token.",
    )
    message = VisibleText(max_length=MAX_MESSAGE_LENGTH, help_text="The question.")
    conversation_id = serializers.CharField(
        max_length=100, required=False, default="", allow_blank=True
    )
    category = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        help_text="Only FAQs of this category may answer.",
    )
    audience = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        help_text="Include FAQs for this audience: one of the token's, unless it acts for others.",
    )
    choice = serializers.CharField(
        max_length=100,
        required=False,
        default="",
        allow_blank=True,
        help_text="The faq_id picked from the options of the last reply; none: no option helps.",
    )
    purpose = serializers.ChoiceField(
        choices=[purpose.value for purpose in Purpose],
        required=False,
        default=Purpose.QUESTION.value,
        help_text="For service tokens: other purposes are recorded but not counted.",
    )


class OptionSerializer(serializers.Serializer[Any]):
    faq_id = serializers.CharField()
    question = serializers.CharField()
    similarity = serializers.FloatField()
    confidence = serializers.FloatField(allow_null=True)


class PartAnswerSerializer(serializers.Serializer[Any]):
    question = serializers.CharField(help_text="The part of the message that is answered.")
    faq_id = serializers.CharField()
    answer = serializers.CharField()


class OfferSerializer(serializers.Serializer[Any]):
    """The request that opens a ticket for an unanswered question."""

    method = serializers.CharField()
    path = serializers.CharField()
    ask_id = serializers.UUIDField()


# Describes the reply; ``Answer.as_dict`` makes it.
class AnswerSerializer(serializers.Serializer[Any]):
    """An answer, options to choose from, or the offer of a ticket."""

    ask_id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=["answered", "clarify", "unanswered"])
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["faq", "agent", "set_reply"], allow_null=True
    )
    text = serializers.CharField(
        help_text="What to show: the answer, or a sentence in the language of Accept-Language."
    )
    answer = serializers.CharField(allow_null=True)
    answer_html = serializers.CharField(
        allow_null=True, help_text="The answer as safe HTML: paragraphs, lists, links, bold text."
    )
    answers = PartAnswerSerializer(
        many=True, help_text="If several questions are answered: one for each."
    )
    faq_id = serializers.CharField(allow_null=True)
    similarity = serializers.FloatField(allow_null=True)
    options = OptionSerializer(many=True)
    nearest = OptionSerializer(many=True)
    ticket = OfferSerializer(allow_null=True)
    citations = serializers.ListField(child=serializers.CharField())
    release = serializers.IntegerField(allow_null=True)
    degraded = serializers.ListField(child=serializers.CharField())
    unanswered_parts = serializers.ListField(
        child=serializers.CharField(), help_text="Questions of the message without an answer."
    )
    corrected = CorrectionSerializer(
        many=True, help_text="Words whose spelling was corrected before the comparison."
    )
    decision = DecisionSerializer()


class SearchFilterSerializer(serializers.Serializer[dict[str, Any]]):
    q = VisibleText(max_length=200, help_text="The words to look for.")
    limit = serializers.IntegerField(required=False, default=10, min_value=1, max_value=50)


class SearchResultSerializer(serializers.Serializer[Any]):
    faq_id = serializers.CharField()
    question = serializers.CharField()
    answer = serializers.CharField()
    similarity = serializers.FloatField()


class SearchResultsSerializer(serializers.Serializer[Any]):
    results = SearchResultSerializer(many=True)
