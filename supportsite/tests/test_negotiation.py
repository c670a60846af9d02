"""The short way picks what the framework would have weighed out."""

from __future__ import annotations

import pytest
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from assistant.streaming import EventStreamRenderer
from supportsite.negotiation import Negotiation
from supportsite.parsers import BoundedJSONParser
from supportsite.renderers import FastJSONRenderer

JSON, EVENTS = FastJSONRenderer(), EventStreamRenderer()


@pytest.mark.parametrize("renderers", [[JSON, EVENTS], [EVENTS, JSON]], ids=["JSON", "events"])
@pytest.mark.parametrize(
    "accept",
    [
        *(None, "*/*", "application/json", "text/event-stream", "application/*", "text/html, */*"),
        *("application/json; indent=4", "application/json, */*;q=0.1", "", "nonsense", "text/html"),
    ],
)
def test_it_renders_as_the_framework_would(accept, renderers):
    request = Request(
        APIRequestFactory().get("/", headers={} if accept is None else {"Accept": accept})
    )

    assert chosen(Negotiation(), request, renderers) == chosen(
        DefaultContentNegotiation(), request, renderers
    )


@pytest.mark.parametrize(
    "sent",
    [
        *("application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "*/*", ""),
        *("application/x-www-form-urlencoded", "text/plain", "x" * 300),
    ],
)
def test_it_parses_as_the_framework_would(sent):
    request = Request(APIRequestFactory().generic("POST", "/", b"{}", content_type=sent))
    parsers = [BoundedJSONParser(), FormParser()]

    assert Negotiation().select_parser(
        request, parsers
    ) is DefaultContentNegotiation().select_parser(request, parsers)


def chosen(negotiation, request, renderers):
    try:
        return negotiation.select_renderer(request, renderers)
    except NotAcceptable:
        return None
