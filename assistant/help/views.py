"""The conversation: ask, choose an option, rate an answer."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from assistant.answering.answer import Answer
from assistant.answering.event_stream import CONTENT_TYPE, stream
from assistant.help.conversation import MISSES, find_ask, misses, read_conversation
from assistant.help.faq_views import public_categories
from assistant.help.page import HelpView
from assistant.help.visitor import forget_customer
from assistant.interfaces import EmbedderUnavailable
from assistant.learning.api import NewFeedbackSerializer
from assistant.learning.feedback import Feedback, Reason
from assistant.serializers import MAX_MESSAGE_LENGTH
from assistant.views import question_of
from assistant.wiring import get_assistant

CHANNEL = "help"
LAST = "last"
"""The fragment of the newest turn."""


class ConversationView(HelpView):
    def get(self, request: Request) -> HttpResponseBase:
        turns = read_conversation(self.visitor) if self.visitor else []
        return self.page(
            "help/conversation.html",
            {
                "turns": turns,
                # What a person would be asked about.
                "open_ask": turns[-1].ask_id if turns and not turns[-1].helped else "",
                "tab": "ask",
                "offers_person": misses(turns) >= MISSES,
                # The browser refused the cookie, so the conversation cannot be shown.
                "is_forgotten": "sent" in request.query_params and self.visitor is None,
                "longest": MAX_MESSAGE_LENGTH,
                "has_agent": bool(settings.AGENT_MODEL),
                "reasons": _reasons(),
                "categories": [] if turns else _categories(),
            },
        )


class AskView(HelpView):
    def post(self, request: Request) -> HttpResponseBase:
        """A question, or with ``ask_id`` and ``choice`` an option of an earlier one."""
        message = request.POST.get("message", "")
        if "ask_id" in request.POST:
            message = self._earlier_question(request.POST["ask_id"])
        data = {
            "message": message,
            "choice": request.POST.get("choice", ""),
            "conversation_id": self.sender.conversation,
        }
        question = question_of(data, self.sender.principal(), channel=CHANNEL)
        ask = partial(get_assistant().ask, question)
        if request.headers.get("Accept") == CONTENT_TYPE:
            response = stream(ask, Answer.as_dict, self.problem)
            self.remember(response)
            return response
        ask()
        return self.moved_on("conversation", fragment=LAST)

    def _earlier_question(self, ask_id: str) -> str:
        record = find_ask(self.sender, ask_id)
        if record is None:
            raise Http404
        return str(record.data["question"])


class SignOutView(HelpView):
    """Ends the session of a customer, when the page of a widget reports that they signed out."""

    def post(self, request: Request) -> HttpResponseBase:
        response = HttpResponse(status=204)
        if forget_customer(request._request, response, framed=self.site is not None):
            # "Reset content": the page shows a conversation that is not the reader's.
            response.status_code = 205
        return response


class FeedbackView(HelpView):
    def post(self, request: Request, ask_id: Any) -> HttpResponseBase:
        serializer = NewFeedbackSerializer(data=request.POST)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        if "user_id" in fields:
            raise ValidationError({"user_id": _("Visitors rate their own answers only.")})
        Feedback.objects.submit(
            ask_id=ask_id, user_id=self.sender.subject, actor=self.sender.subject, **fields
        )
        return self.moved_on("conversation", fragment=f"ask-{ask_id}")


def _categories() -> list[tuple[str, int]]:
    """None while the FAQs cannot be loaded: people can still ask a person."""
    try:
        return public_categories()
    except EmbedderUnavailable:
        return []


def _reasons() -> list[tuple[str, str]]:
    """Why an answer did not help, in the visitor's language."""
    return [
        (Reason.WRONG, _("It answers another question")),
        (Reason.UNCLEAR, _("It is hard to understand")),
        (Reason.OUTDATED, _("It is no longer true")),
        (Reason.INCOMPLETE, _("Something is missing")),
        (Reason.OTHER, _("Another reason")),
    ]
