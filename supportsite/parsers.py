"""Reading request bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

DEEPEST = 32
"""Levels of arrays and objects; what the API takes has one."""


class BoundedJSONParser(JSONParser):
    """JSON as RFC 8259 has it: UTF-8, finite numbers, and nesting bounded by ``DEEPEST``.

    Raises ``ParseError``, in our words, for everything else. The body's size is bounded by
    DATA_UPLOAD_MAX_MEMORY_SIZE before it comes here.
    """

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            parsed = _DECODER.decode(stream.read().decode())
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8.") from None
        except json.JSONDecodeError as found:
            place = f"line {found.lineno}, column {found.colno}"
            raise ParseError(f"The body is not JSON: {place}.") from None
        except ValueError:
            raise ParseError("The body holds a number that cannot be read.") from None
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        if is_deeper_than(DEEPEST, parsed):
            # Whoever looks at such a value later, if only to say what is wrong with it, recurses.
            raise ParseError("The JSON is nested too deeply.")
        return parsed


def _refuse(constant: str) -> NoReturn:
    """NaN, Infinity and -Infinity, which Python reads and JSON does not have."""
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def is_deeper_than(levels: int, value: Any) -> bool:
    """Whether arrays and objects nest more than so many levels in a value read from JSON."""
    level = [value]
    for _ in range(levels):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return any(isinstance(each, (dict, list)) for each in level)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
