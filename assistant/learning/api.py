"""POST /asks/{ask_id}/feedback and GET /gaps."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistant.learning.feedback import Feedback, Reason
from assistant.learning.gap_rows import FILTERS, filtered_gaps, rows
from audit.fields import SubjectField
from audit.identity.principal import Role, principal_of

MAX_COMMENT_LENGTH = 2000


class NewFeedbackSerializer(serializers.Serializer[dict[str, Any]]):
    user_id = SubjectField(
        required=False, help_text="The person who asked; default: the subject of the token."
    )
    helpful = serializers.BooleanField(help_text="Whether the reply helped.")
    reason = serializers.ChoiceField(
        choices=Reason.choices, required=False, default="", allow_blank=True
    )
    comment = serializers.CharField(
        max_length=MAX_COMMENT_LENGTH, required=False, default="", allow_blank=True
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["helpful"] and attrs["reason"]:
            raise serializers.ValidationError(
                {"reason": "A reason says why a reply did not help; leave it out if it did."}
            )
        return attrs


class FeedbackSerializer(serializers.Serializer[Any]):
    ask_id = serializers.UUIDField()
    helpful = serializers.BooleanField()
    reason = serializers.CharField(help_text="Empty if there is none.")
    comment = serializers.CharField(help_text="With personal data masked.")


class FeedbackView(APIView):
    allowed_roles = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE, Role.PUBLISHER})

    @extend_schema(
        operation_id="ask_feedback", request=NewFeedbackSerializer, responses=FeedbackSerializer
    )
    def post(self, request: Request, ask_id: uuid.UUID) -> Response:
        """Rate a reply: whether it helped. A second rating of an ask replaces the first."""
        serializer = NewFeedbackSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        principal = principal_of(request)
        user_id = fields.pop("user_id", principal.subject)
        if not principal.may_act_for(user_id):
            raise PermissionDenied("user_id: your token may only speak for its own user.")
        feedback = Feedback.objects.submit(
            ask_id=ask_id, user_id=user_id, actor=principal.subject, **fields
        )
        return Response(feedback.as_dict())


MAX_PAGE_SIZE = 100


class GapFilterSerializer(serializers.Serializer[Any]):
    show = serializers.ChoiceField(
        choices=list(FILTERS),
        default="open",
        help_text="open: asked by several people; single: by one; or closed, dismissed.",
    )
    offset = serializers.IntegerField(min_value=0, max_value=100_000, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=25)


class GapSerializer(serializers.Serializer[Any]):
    """A group of questions without a helpful answer."""

    id = serializers.IntegerField()
    question = serializers.CharField(help_text="The most central one, with personal data masked.")
    name = serializers.CharField()
    words = serializers.ListField(child=serializers.CharField())
    asks = serializers.IntegerField()
    people = serializers.IntegerField()
    tickets = serializers.IntegerField()
    weeks = serializers.ListField(
        child=serializers.IntegerField(), help_text="Asks of the last four weeks, oldest first."
    )
    nearest = serializers.CharField(allow_null=True, help_text="The faq_id of the nearest FAQ.")
    status = serializers.CharField()
    assignee = serializers.CharField()
    answered_now = serializers.IntegerField(
        help_text="How many of texts the FAQs of release would answer."
    )
    texts = serializers.IntegerField()
    release = serializers.IntegerField(allow_null=True)
    later_asks = serializers.IntegerField(
        allow_null=True,
        help_text="Similar questions in the 14 days after it was closed; null before that.",
    )
    later_answered = serializers.IntegerField(help_text="How many of later_asks were answered.")


class GapListSerializer(serializers.Serializer[Any]):
    gaps = GapSerializer(many=True)


class GapsView(APIView):
    allowed_roles = frozenset({Role.CURATOR, Role.PUBLISHER})

    @extend_schema(
        operation_id="gaps_list", parameters=[GapFilterSerializer], responses=GapListSerializer
    )
    def get(self, request: Request) -> Response:
        """Questions without a helpful answer, grouped by meaning: most people and tickets first."""
        serializer = GapFilterSerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        gaps = filtered_gaps(fields["show"])[fields["offset"] : fields["offset"] + fields["limit"]]
        return Response({"gaps": [row.as_dict() for row in rows(list(gaps))]})
