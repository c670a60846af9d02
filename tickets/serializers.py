"""The HTTP contract of /tickets."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from audit.fields import SubjectField, VisibleText
from tickets.models import LONGEST_TAG, LONGEST_TEXT, MOST_TAGS, Comment, Ticket

LONGEST_CATEGORY = 100


class TagsField(serializers.ListField):
    child = serializers.RegexField(
        rf"^[\w.:-]{{1,{LONGEST_TAG}}}\Z", help_text="Letters, digits, dots, colons and dashes."
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_TAGS, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        """Each once, in order."""
        return sorted(set(super().to_internal_value(data)))


class NewTicketSerializer(serializers.Serializer[dict[str, Any]]):
    user_id = SubjectField(required=False, help_text="Who waits; the token's subject unless given.")
    message = VisibleText(max_length=LONGEST_TEXT)
    ask_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The ask it came from."
    )
    suggest = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Show the FAQs that may answer it first, and make no ticket if there are any. "
        "With an ask_id the ticket is made: its FAQs were shown by /ask.",
    )
    email = serializers.EmailField(
        required=False,
        default="",
        allow_blank=True,
        help_text="Where news go. A customer's is the one in the token, and no other may be named.",
    )
    priority = serializers.ChoiceField(
        choices=Ticket.Priority.choices, required=False, default=Ticket.Priority.NORMAL
    )
    category = serializers.CharField(
        max_length=LONGEST_CATEGORY, required=False, default="", allow_blank=True
    )
    reason = serializers.ChoiceField(
        choices=Ticket.Reason.choices,
        required=False,
        help_text="Why a person is needed; as the ask ended unless given.",
    )
    tags = TagsField(required=False, default=list)


class AmendSerializer(serializers.Serializer[dict[str, Any]]):
    """What the desk may change; what is not named stays."""

    priority = serializers.ChoiceField(choices=Ticket.Priority.choices, required=False)
    category = serializers.CharField(max_length=LONGEST_CATEGORY, required=False, allow_blank=True)
    reason = serializers.ChoiceField(choices=Ticket.Reason.choices, required=False)
    tags = TagsField(required=False)


class OnBehalfSerializer(serializers.Serializer[dict[str, Any]]):
    user_id = SubjectField(required=False, help_text="Whose tickets; a service must say it.")


class SelectionSerializer(OnBehalfSerializer):
    """Which tickets; every filter given has to hold."""

    status = serializers.ChoiceField(choices=Ticket.Status.choices, required=False)
    priority = serializers.ChoiceField(choices=Ticket.Priority.choices, required=False)
    category = serializers.CharField(max_length=LONGEST_CATEGORY, required=False)
    assignee = serializers.CharField(max_length=200, required=False)
    tag = serializers.CharField(max_length=LONGEST_TAG, required=False)
    overdue = serializers.BooleanField(required=False, allow_null=True, default=None)
    since = serializers.DateField(required=False, help_text="Opened on this day (UTC) or later.")
    until = serializers.DateField(required=False, help_text="Opened on this day (UTC) or earlier.")


class TicketFilterSerializer(SelectionSerializer):
    before = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="Ids lower than this."
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
    """With the message as written: for its owner, and for who works on it."""

    message = serializers.CharField(source="full_message", read_only=True)

    class Meta(TicketSerializer.Meta):
        pass


class NewCommentSerializer(serializers.Serializer[dict[str, Any]]):
    text = VisibleText(max_length=LONGEST_TEXT)
    internal = serializers.BooleanField(
        required=False, default=False, help_text="For the desk only; support may say it."
    )


class CommentSerializer(serializers.ModelSerializer[Comment]):
    internal = serializers.BooleanField(source="is_internal", read_only=True)
    text = serializers.CharField(source="full_text", read_only=True)

    class Meta:
        model = Comment
        fields = ("id", "author", "from_desk", "internal", "text", "created")
        read_only_fields = fields


class CommentListSerializer(serializers.Serializer[Any]):
    results = CommentSerializer(many=True)


class TicketDetailSerializer(FullTicketSerializer):
    """A ticket with what was said about it, as far as the reader may know."""

    comments = CommentSerializer(many=True, read_only=True, source="shown_comments")
    asked = serializers.DictField(
        read_only=True,
        allow_null=True,
        help_text="For support: the ask it came from, its decision, and the conversation before.",
    )

    class Meta(TicketSerializer.Meta):
        fields = (*TicketSerializer.Meta.fields, "comments", "asked")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class TicketListSerializer(serializers.Serializer[Any]):
    results = TicketSerializer(many=True)
    next = serializers.IntegerField(
        allow_null=True, help_text="Ask again with before=this for older tickets."
    )


class KnownSerializer(serializers.Serializer[Any]):
    faq_id = serializers.CharField()
    question = serializers.CharField()
    answer = serializers.CharField()
    similarity = serializers.FloatField()


class SuggestedSerializer(serializers.Serializer[Any]):
    """No ticket: these FAQs may answer it."""

    result = serializers.ChoiceField(choices=["suggested"])
    detail = serializers.CharField()
    id = serializers.IntegerField(allow_null=True)
    suggestions = KnownSerializer(many=True)


class CreatedTicketSerializer(FullTicketSerializer):
    """The ticket, and beside it the FAQs that may answer it. For the schema alone."""

    result = serializers.ChoiceField(choices=["created"], read_only=True)
    detail = serializers.CharField(read_only=True)
    suggestions = KnownSerializer(many=True, read_only=True)

    class Meta(FullTicketSerializer.Meta):
        fields = (*TicketSerializer.Meta.fields, "result", "detail", "suggestions")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]
