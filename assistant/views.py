"""POST /ask and GET /search."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistant.answering.answer import Answer, Outcome, Purpose, Question
from assistant.answering.event_stream import CONTENT_TYPE, EventStreamRenderer, stream
from assistant.releases.ticket_knowledge import search
from assistant.serializers import (
    AnswerSerializer,
    AskSerializer,
    SearchFilterSerializer,
    SearchResultsSerializer,
)
from assistant.wiring import get_assistant
from audit.identity.principal import Principal, Role, principal_of
from audit.people.pseudonyms import stored_name
from audit.privacy.gateway import Channel, apply_inbound

# Its fields are built once: they take longer than all validation. It holds no data of a request.
_ask = AskSerializer()


class AskView(APIView):
    """Answer a question, with the decision and its path.

    With ``Accept: text/event-stream`` the steps are sent as they happen; the last event is the
    answer.
    """

    allowed_roles = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE, Role.PUBLISHER})
    renderer_classes = (*APIView.renderer_classes, EventStreamRenderer)

    @extend_schema(request=AskSerializer, responses=AnswerSerializer)
    def post(self, request: Request) -> HttpResponseBase:
        question = question_of(request.data, principal_of(request))
        language = get_language_from_request(request._request)
        if request.accepted_renderer.media_type == CONTENT_TYPE:
            ask = partial(get_assistant().ask, question)
            return stream(ask, partial(reply, language=language), self.handle_exception)
        return Response(reply(get_assistant().ask(question), language=language))


def reply(answer: Answer, *, language: str) -> dict[str, Any]:
    """The document of an answer, with ``text`` to show in a language that is shipped."""
    with override(language):
        text = {
            Outcome.CLARIFY: _("Which of these do you mean?"),
            Outcome.UNANSWERED: _("We have no answer to this yet."),
        }.get(answer.outcome, "")
    return {**answer.as_dict(), "text": answer.text or text}


class SearchView(APIView):
    allowed_roles = AskView.allowed_roles

    @extend_schema(parameters=[SearchFilterSerializer], responses=SearchResultsSerializer)
    def get(self, request: Request) -> Response:
        """Published FAQs that fit the words, best first. Decides and records nothing."""
        query = SearchFilterSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        fields = query.validated_data
        audiences = principal_of(request).audiences
        matches = search(fields["q"], limit=fields["limit"], audiences=audiences)
        return Response(SearchResultsSerializer({"results": matches}).data)


def question_of(data: Any, principal: Principal, *, channel: str = "api") -> Question:
    """The question in the body of a request. Raises ``ValidationError`` or ``PermissionDenied``."""
    fields = _ask.run_validation(data)
    user_id = fields.get("user_id", principal.subject)
    if not principal.may_act_for(user_id):
        raise PermissionDenied("user_id: your token may only ask for its own user.")
    audience = fields["audience"]
    if audience and not principal.may_see_for(audience):
        raise PermissionDenied("audience: your token does not include this audience.")
    purpose = Purpose(fields["purpose"])
    if purpose is not Purpose.QUESTION and Role.SERVICE not in principal.roles:
        raise PermissionDenied(
            "purpose: only a token with the role service may set another purpose."
        )
    return Question(
        text=apply_inbound(Channel.ASK, fields["message"], field="message"),
        user_id=user_id,
        actor=principal.subject,
        roles=tuple(sorted(principal.roles)),
        category=fields["category"],
        audiences=principal.audiences | ({audience} if audience else set()),
        choice=fields["choice"],
        # The caller chooses this id, so it may contain personal data.
        conversation_id=stored_name(fields["conversation_id"]),
        purpose=purpose,
        channel=channel,
    )
