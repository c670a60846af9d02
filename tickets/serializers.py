"""Requests and replies of /tickets."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.fields import SubjectField, VisibleText
from tickets.attachment_files import MAX_BYTES
from tickets.models import Attachment, Comment, Ticket
from tickets.ticket_fields import MAX_TAG_LENGTH, MAX_TAGS, MAX_TEXT_LENGTH

MAX_CATEGORY_LENGTH = 100


class TagsField(serializers.ListField):
    child = serializers.RegexField(
        rf"^[\w.:-]{{1,{MAX_TAG_LENGTH}}}\Z",
        help_text="Letters, digits, dots, colons, dashes and underscores.",
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_TAGS, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        """Sorted, without duplicates."""
        return sorted(set(super().to_internal_value(data)))


class NewTicketSerializer(serializers.Serializer[dict[str, Any]]):
    user_id = SubjectField(
        required=False, help_text="The customer; by default the user of the token."
    )
    message = VisibleText(max_length=MAX_TEXT_LENGTH)
    ask_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The question it comes from."
    )
    suggest = serializers.BooleanField(
        required=False,
        default=False,
        help_text="If FAQs may answer the message, return them and open no ticket. "
        "With an ask_id the ticket is always opened: /ask has shown its FAQs.",
    )
    email = serializers.EmailField(
        required=False,
        allow_blank=True,
        help_text="Address for notifications. A customer may only use the one in the token.",
    )
    priority = serializers.ChoiceField(
        choices=Ticket.Priority.choices, required=False, default=Ticket.Priority.NORMAL
    )
    category = serializers.CharField(
        max_length=MAX_CATEGORY_LENGTH, required=False, default="", allow_blank=True
    )
    reason = serializers.ChoiceField(
        choices=Ticket.Reason.choices,
        required=False,
        help_text="Why a person is needed; by default set from the outcome of the question.",
    )
    tags = TagsField(required=False, default=list)


class AmendSerializer(serializers.Serializer[dict[str, Any]]):
    """Fields that the desk may change; those left out stay as they are."""

    priority = serializers.ChoiceField(choices=Ticket.Priority.choices, required=False)
    category = serializers.CharField(
        max_length=MAX_CATEGORY_LENGTH, required=False, allow_blank=True
    )
    reason = serializers.ChoiceField(choices=Ticket.Reason.choices, required=False)
    tags = TagsField(required=False)


class OnBehalfSerializer(serializers.Serializer[dict[str, Any]]):
    user_id = SubjectField(required=False, help_text="The customer; required for services.")


class SelectionSerializer(OnBehalfSerializer):
    """Filters; a ticket must match all of them."""

    status = serializers.ChoiceField(choices=Ticket.Status.choices, required=False)
    priority = serializers.ChoiceField(choices=Ticket.Priority.choices, required=False)
    category = serializers.CharField(max_length=MAX_CATEGORY_LENGTH, required=False)
    assignee = serializers.CharField(max_length=200, required=False)
    tag = serializers.CharField(max_length=MAX_TAG_LENGTH, required=False)
    overdue = serializers.BooleanField(required=False, allow_null=True, default=None)
    since = serializers.DateField(required=False, help_text="Opened on this day (UTC) or later.")
    until = serializers.DateField(required=False, help_text="Opened on this day (UTC) or earlier.")


class TicketFilterSerializer(SelectionSerializer):
    before = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="Only tickets with a lower id."
    )
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)


class TicketSerializer(serializers.ModelSerializer[Ticket]):
    user_id = serializers.CharField(source="requester", read_only=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    is_overdue = serializers.BooleanField(read_only=True)

    class Meta:
        model = Ticket
        fields = (
            *("id", "user_id", "message", "ask_id", "reason", "category", "priority", "tags"),
            *("status", "assignee", "due", "is_overdue", "created", "updated"),
        )
        read_only_fields = fields


class FullTicketSerializer(TicketSerializer):
    """With the message as written, for its owner and for support."""

    message = serializers.CharField(source="full_message", read_only=True)

    class Meta(TicketSerializer.Meta):
        pass


class NewCommentSerializer(serializers.Serializer[dict[str, Any]]):
    text = VisibleText(max_length=MAX_TEXT_LENGTH)
    internal = serializers.BooleanField(
        required=False,
        default=False,
        help_text="A note for the desk only; only support may set it.",
    )


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    name = serializers.CharField(read_only=True)

    class Meta:
        model = Attachment
        fields = ("id", "name", "media_type", "size")
        read_only_fields = fields


class NewAttachmentSerializer(serializers.Serializer[dict[str, Any]]):
    file = serializers.FileField(help_text=f"At most {MAX_BYTES // 1024 // 1024} MB.")
    text = VisibleText(max_length=MAX_TEXT_LENGTH, required=False, allow_blank=True, default="")


class CommentSerializer(serializers.ModelSerializer[Comment]):
    internal = serializers.BooleanField(source="is_internal", read_only=True)
    text = serializers.CharField(source="full_text", read_only=True)

    attachments = AttachmentSerializer(many=True, read_only=True)

    class Meta:
        model = Comment
        fields = ("id", "author", "from_desk", "internal", "text", "created", "attachments")
        read_only_fields = fields


class CommentListSerializer(serializers.Serializer[Any]):
    results = CommentSerializer(many=True)


class NearestSerializer(serializers.Serializer[Any]):
    faq_id = serializers.CharField()
    phrasing = serializers.CharField()
    similarity = serializers.FloatField()


class TurnSerializer(serializers.Serializer[Any]):
    """One question of a conversation and its answer."""

    at = serializers.DateTimeField()
    question = serializers.CharField()
    outcome = serializers.CharField()
    answer = serializers.CharField()


# A reference, since the decision is described by the app that makes it.
@extend_schema_field(
    {"oneOf": [{"$ref": "#/components/schemas/RecordedDecision"}, {"type": "null"}]}
)
class RecordedDecisionField(serializers.JSONField):
    """The decision as recorded; null if it was not."""


class OriginalAskSerializer(TurnSerializer):
    """The question that a ticket comes from."""

    nearest = NearestSerializer(many=True, help_text="The closest FAQs.")
    decision = RecordedDecisionField()
    conversation = TurnSerializer(many=True, help_text="The turns before, oldest first.")


@extend_schema_field(OriginalAskSerializer(allow_null=True))
class OriginalAskField(serializers.DictField):
    """As ``OriginalAsk.as_dict`` makes it."""


class TicketDetailSerializer(FullTicketSerializer):
    """A ticket with the comments that the reader may see."""

    comments = CommentSerializer(many=True, read_only=True, source="shown_comments")
    original_ask = OriginalAskField(
        read_only=True,
        allow_null=True,
        help_text="For support: the question it comes from, its decision, the conversation before.",
    )

    class Meta(TicketSerializer.Meta):
        fields = (*TicketSerializer.Meta.fields, "comments", "original_ask")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class TicketListSerializer(serializers.Serializer[Any]):
    results = TicketSerializer(many=True)
    next = serializers.IntegerField(
        allow_null=True, help_text="Pass it as before to get older tickets; null on the last page."
    )


class FaqMatchSerializer(serializers.Serializer[Any]):
    faq_id = serializers.CharField()
    question = serializers.CharField()
    answer = serializers.CharField()
    similarity = serializers.FloatField()


class SuggestedSerializer(serializers.Serializer[Any]):
    """FAQs that may answer the message; no ticket was opened."""

    result = serializers.ChoiceField(choices=["suggested"])
    detail = serializers.CharField()
    id = serializers.IntegerField(allow_null=True)
    suggestions = FaqMatchSerializer(many=True)


class CreatedTicketSerializer(FullTicketSerializer):
    """The ticket, and FAQs that may answer it. Only for the schema."""

    result = serializers.ChoiceField(choices=["created"], read_only=True)
    detail = serializers.CharField(read_only=True)
    suggestions = FaqMatchSerializer(many=True, read_only=True)

    class Meta(FullTicketSerializer.Meta):
        fields = (*TicketSerializer.Meta.fields, "result", "detail", "suggestions")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]
