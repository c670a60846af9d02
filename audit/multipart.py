"""Parse multipart forms; reject uploads that are truncated or too large."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, MultiPartParser

TAIL_LENGTH = 200
"""Bytes searched for the last boundary, which has at most 70 characters (RFC 2046)."""


class _Tail:
    """A stream that keeps the last bytes that were read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.last = (self.last + data)[-TAIL_LENGTH:]
        return data


class WholeMultiPartParser(MultiPartParser):
    """Accepts only multipart forms that end with their closing boundary.

    Django would accept a truncated file when a connection breaks. Raises ``ParseError`` for a
    truncated or malformed form and, before reading, ``RequestDataTooBig`` above ``max_bytes``.
    """

    max_bytes: int = settings.FILE_UPLOAD_MAX_SIZE

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles[Any, Any]:
        context = dict(parser_context or {})
        if int(context["request"].META["CONTENT_LENGTH"]) > self.max_bytes:
            raise RequestDataTooBig
        tail = _Tail(stream)
        try:
            parsed = super().parse(tail, media_type, context)  # type: ignore[arg-type]
        except (ParseError, LookupError, ValueError):
            raise ParseError("The form data is malformed.") from None
        _, parameters = parse_header_parameters(media_type or "")
        if f"--{parameters['boundary']}--".encode() not in tail.last:
            raise ParseError("The upload is incomplete. Send it again.")
        return parsed
