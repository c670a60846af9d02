"""POST /asks/{ask_id}/feedback."""

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
from audit.fields import SubjectField
from audit.identity.principal import Role, principal_of

LONGEST_COMMENT = 2000


class NewFeedbackSerializer(serializers.Serializer[dict[str, Any]]):
    user_id = SubjectField(
        required=False, help_text="The person who asked; default: the subject of the token."
    )
    helpful = serializers.BooleanField(help_text="Whether the reply helped.")
    reason = serializers.ChoiceField(
        choices=Reason.choices, required=False, default="", allow_blank=True
    )
    comment = serializers.CharField(
        max_length=LONGEST_COMMENT, required=False, default="", allow_blank=True
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
    reason = serializers.CharField(help_text="Empty if none was given.")
    comment = serializers.CharField(help_text="With personal data masked.")


class FeedbackView(APIView):
    allowed_roles = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE, Role.PUBLISHER})

    @extend_schema(
        operation_id="ask_feedback", request=NewFeedbackSerializer, responses=FeedbackSerializer
    )
    def post(self, request: Request, ask_id: uuid.UUID) -> Response:
        """Say whether a reply helped, once per ask; sent again, it replaces the first."""
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
