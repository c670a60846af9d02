"""Reading uploaded files: whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, MultiPartParser

LONGEST_ENDING = 200
"""Bytes looked at for the last boundary, which RFC 2046 bounds to 70 characters."""


class _Tail:
    """A stream that remembers the last bytes read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.last = (self.last + data)[-LONGEST_ENDING:]
        return data


class WholeMultiPartParser(MultiPartParser):
    """Multipart forms that end with their last boundary.

    Django takes what came until a connection broke for the whole file, and no file for the wish to
    read another. Raises ``ParseError`` for that and for all else that is no multipart form, and
    ``RequestDataTooBig`` beyond FILE_UPLOAD_MAX_SIZE, before anything is read.
    """

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles[Any, Any]:
        context = dict(parser_context or {})
        if int(context["request"].META["CONTENT_LENGTH"]) > settings.FILE_UPLOAD_MAX_SIZE:
            raise RequestDataTooBig
        tail = _Tail(stream)
        try:
            parsed = super().parse(tail, media_type, context)  # type: ignore[arg-type]
        except (ParseError, LookupError, ValueError):
            raise ParseError("The form data is malformed.") from None
        _, parameters = parse_header_parameters(media_type or "")
        if f"--{parameters['boundary']}--".encode() not in tail.last:
            raise ParseError("The form ended too soon.")
        return parsed
