"""POST /channels/{name}: check, store and acknowledge what comes in by a channel."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotFound, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistant.channels import signed, slack, telegram
from assistant.channels.channel import Channel
from assistant.channels.inbound import Inbound
from assistant.channels.messages import Message
from audit.identity.principal import Principal
from tickets.delivery.webhooks import signature

KIND = Channel.Kind


class ChannelSignature(BaseAuthentication):
    """The channel whose secret signed the raw body of the request, or sent it (Telegram)."""

    def authenticate(self, request: Request) -> tuple[Principal, Channel]:
        """Raises ``NotFound`` or ``AuthenticationFailed``."""
        channel = Channel.objects.active(request.parser_context["kwargs"]["name"])
        if channel is None:
            raise NotFound("There is no such channel.")
        if not _is_genuine(channel, request._request.body, request.headers):
            raise AuthenticationFailed(
                "The signature is not valid, or its time is more than five minutes from now."
            )
        return Principal(f"channel:{channel.name}", frozenset()), channel

    def authenticate_header(self, request: Request) -> str:
        """DRF answers 401 only if there is one."""
        return signature.SIGNATURE


def _is_genuine(channel: Channel, body: bytes, headers: Any) -> bool:
    if channel.kind == KIND.SLACK:
        return slack.is_genuine(body, headers, secrets=channel.valid_secrets(), now=time.time())
    if channel.kind == KIND.TELEGRAM:
        return telegram.is_genuine(headers, secrets=channel.valid_secrets())
    return signed.is_genuine(channel, body, headers)


class ChannelView(APIView):
    """Hand over a message of a person.

    Slack and Telegram send their own documents to the same address.
    """

    authentication_classes = (ChannelSignature,)
    permission_classes = ()
    throttle_classes = ()
    sender = ""
    """Who is limited."""

    @extend_schema(
        request=signed.ChannelMessageSerializer,
        responses={202: signed.AcknowledgementSerializer},
        auth=[],
        parameters=[
            OpenApiParameter("name", str, OpenApiParameter.PATH, description="The channel."),
            OpenApiParameter(
                *(signature.TIMESTAMP, int, OpenApiParameter.HEADER),
                required=True,
                description="Seconds since 1970, at most 300 from now.",
            ),
            OpenApiParameter(
                *(signature.SIGNATURE, str, OpenApiParameter.HEADER),
                required=True,
                description="v1= and the HMAC-SHA256 of the timestamp, a full stop and the body.",
            ),
        ],
    )
    def post(self, request: Request, name: str) -> Response:
        channel: Any = request.auth
        if channel.kind == KIND.SLACK:
            return self._slack(request, channel)
        if channel.kind == KIND.TELEGRAM:
            return self._telegram(request, channel)
        inbound = signed.parse(channel, request.data)
        wait = self._wait(request, channel, inbound)
        if wait is not None:
            raise Throttled(wait)
        is_new = Message.objects.receive(channel, inbound)
        return Response({"id": inbound.id, "is_new": is_new}, status=202)

    def _slack(self, request: Request, channel: Channel) -> Response:
        data = slack.read(request._request.body, request.content_type)
        challenge = slack.challenge(data)
        if challenge is not None:
            return Response({"challenge": challenge})
        self._receive(request, channel, slack.parse(data))
        return Response({})

    def _telegram(self, request: Request, channel: Channel) -> Response:
        data = telegram.read(request._request.body)
        self._receive(request, channel, telegram.parse(data))
        return Response(telegram.acknowledgement(data))

    def _receive(self, request: Request, channel: Channel, inbound: Inbound | None) -> None:
        """Slack and Telegram repeat what is refused, so that what is over the limit is dropped."""
        if inbound and self._wait(request, channel, inbound) is None:
            Message.objects.receive(channel, inbound)

    def _wait(self, request: Request, channel: Channel, inbound: Inbound) -> float | None:
        """The seconds that this sender must wait; None if within the limit."""
        self.sender = f"{channel.name} {inbound.sender}"
        throttle = import_string(settings.CHANNEL_THROTTLE_CLASS)()
        return None if throttle.allow_request(request, self) else throttle.wait() or 1.0
