"""Which parser and which renderer a request gets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class Negotiation(DefaultContentNegotiation):
    """The framework's; but most programs name one type or take any, and nothing is weighed then."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> Any:
        sent = request.META.get("CONTENT_TYPE")
        for parser in parsers:
            if parser.media_type == sent:
                return parser
        return super().select_parser(request, parsers)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        first, accepted = next(iter(renderers)), request.META.get("HTTP_ACCEPT", "*/*")
        if not format_suffix and accepted in ("*/*", first.media_type):
            return first, first.media_type
        weighed: tuple[BaseRenderer, str] = super().select_renderer(
            request, renderers, format_suffix
        )
        return weighed
