"""POST /ask."""

from __future__ import annotations

from django.http.response import HttpResponse, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from assistant.answer import Question
from assistant.serializers import AnswerSerializer, AskSerializer
from assistant.streaming import CONTENT_TYPE, EventStreamRenderer, stream
from assistant.wiring import get_assistant
from audit.people import known_as
from audit.principal import Role, principal_of
from audit.privacy import Channel, admit

_ASKED = AskSerializer()
"""One for all requests: it keeps nothing of what it validates, and making one costs far more."""


class AskView(APIView):
    """A question in, an answer out, with the path that led to it.

    With ``Accept: text/event-stream`` the steps come as they happen; the last event is the answer.
    """

    allowed_roles = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE, Role.PUBLISHER})
    renderer_classes = (*APIView.renderer_classes, EventStreamRenderer)

    @extend_schema(request=AskSerializer, responses=AnswerSerializer)
    def post(self, request: Request) -> HttpResponseBase:
        question = _question(request)
        if request.accepted_renderer.media_type == CONTENT_TYPE:
            return stream(get_assistant().steps(question), self.handle_exception)
        told = get_assistant().ask(question).as_dict()
        # Written here: a Response would be one by way of a template's.
        written = request.accepted_renderer.render(told, request.accepted_media_type)
        return HttpResponse(written, content_type=request.accepted_renderer.media_type)


def _question(request: Request) -> Question:
    fields = _ASKED.run_validation(request.data)
    principal = principal_of(request)
    user_id = fields.get("user_id", principal.subject)
    if not principal.may_act_for(user_id):
        raise PermissionDenied("user_id: you may only ask as yourself.")
    audience = fields["audience"]
    if audience and not principal.may_see_for(audience):
        raise PermissionDenied("audience: your token does not name it.")
    return Question(
        text=admit(Channel.ASK, fields["message"], field="message"),
        user_id=user_id,
        actor=principal.subject,
        roles=tuple(sorted(principal.roles)),
        category=fields["category"],
        audiences=principal.audiences | ({audience} if audience else set()),
        choice=fields["choice"],
        # What the caller chose, so that it may be anything.
        conversation_id=known_as(fields["conversation_id"]),
    )
