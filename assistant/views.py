"""POST /ask."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistant.answering import Question
from assistant.serializers import AnswerSerializer, AskSerializer
from assistant.wiring import get_assistant
from audit.principal import Role, principal_of


class AskView(APIView):
    """A question in, an answer out, with the path that led to it."""

    allowed_roles = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE, Role.PUBLISHER})

    @extend_schema(request=AskSerializer, responses=AnswerSerializer)
    def post(self, request: Request) -> Response:
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = asked.validated_data
        principal = principal_of(request)
        user_id = fields.get("user_id", principal.subject)
        if not principal.may_act_for(user_id):
            raise PermissionDenied("user_id: you may only ask as yourself.")
        answer = get_assistant().ask(
            Question(
                text=fields["message"],
                user_id=user_id,
                actor=principal.subject,
                roles=tuple(sorted(principal.roles)),
                category=fields["category"],
                choice=fields["choice"],
                conversation_id=fields["conversation_id"],
            )
        )
        return Response(answer.as_dict())
