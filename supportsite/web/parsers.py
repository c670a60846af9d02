"""Reading request bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 32
"""Levels of arrays and objects; valid requests have two."""

TOO_DEEP = "The JSON is nested too deeply."


class BoundedJSONParser(JSONParser):
    """DRF's parser, with nesting bounded by ``MAX_DEPTH``. Raises ``ParseError``.

    DRF alone answers 500 to deep nesting. Django bounds the size: DATA_UPLOAD_MAX_MEMORY_SIZE.
    """

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            parsed = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        except ParseError as error:
            # The other messages quote Python's internals.
            if isinstance(error.__context__, json.JSONDecodeError):
                raise
            raise ParseError("The body cannot be read as JSON.") from None
        if is_deeper_than(MAX_DEPTH, parsed):
            # Serializers that quote such a value would recurse.
            raise ParseError(TOO_DEEP)
        return parsed


def is_deeper_than(levels: int, value: Any) -> bool:
    """True if arrays and objects nest more than ``levels`` deep in a value read from JSON."""
    current = [value]
    for _ in range(levels):
        current = [child for parent in current for child in _children(parent)]
        if not current:
            return False
    return any(isinstance(item, (dict, list)) for item in current)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
