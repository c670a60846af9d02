"""Mask personal data in a text before it is written anywhere.

Pure. ``redact("call me on 0300 1234567")`` is ``"call me on [PHONE]"``. Found are e-mail
addresses, phone numbers, Pakistani identity numbers (CNIC), payment cards, IBANs and IP
addresses, in the digits of any script. Names and street addresses are not.

Two promises beside finding: ``redact(redact(text)) == redact(text)``, and time that grows with the
length of the text whatever the text is (every quantifier of every pattern is bounded).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import partial
from itertools import count
from typing import Any

from audit.number_runs import MASKED, MASKED_PHONE, NO_NUMBER
from audit.personal_data import Kind, Span, emails, ibans, ipv4s, ipv6s
from audit.personal_numbers import numbers

__all__ = ["Kind", "Span", "find", "kinds", "redact", "redact_tree"]

DEFAULT_REGION = "PK"
# Deeper than any payload of ours; Python's own recursion limit is 1,000.
DEEPEST = 32
TOO_DEEP = "[TOO DEEP]"

# In one pass a number can keep its neighbour from being read; the next pass reads it.
_MOST_PASSES = 4

_PLACEHOLDERS = {kind.placeholder: kind for kind in Kind}
_PLACEHOLDER = re.compile("|".join(map(re.escape, _PLACEHOLDERS)))

_AT_SIGNS = "@\uff20\ufe6b"
_DIGIT_OR_AT = re.compile(rf"[\d{_AT_SIGNS}]")
_DASHES = "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
# Zero-width characters, marks of writing direction, and what makes a digit an emoji.
_INVISIBLE = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe0e\ufe0f\u20e3]"
)
_LAST_DIGIT = 0x1FBFA
_FOLDED = (
    {
        code: str(unicodedata.decimal(chr(code)))
        for code in range(_LAST_DIGIT)
        if chr(code).isdecimal()
    }
    | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys(map(ord, _DASHES), "-")
    | dict.fromkeys(map(ord, _SPACES), " ")
    | dict.fromkeys(map(ord, _AT_SIGNS), "@")
    # Ours to mark what is masked; nobody else's to write.
    | dict.fromkeys(map(ord, MASKED + MASKED_PHONE + NO_NUMBER), " ")
)


def redact(text: str, *, region: str = DEFAULT_REGION) -> str:
    """``text`` with each piece of personal data replaced by ``[EMAIL]``, ``[PHONE]`` and so on."""
    pieces = []
    end = 0
    for span in find(text, region=region):
        pieces += text[end : span.start], span.kind.placeholder
        end = span.end
    return "".join(pieces) + text[end:]


def kinds(text: str, *, region: str = DEFAULT_REGION) -> frozenset[Kind]:
    """The kinds of personal data in ``text``."""
    return frozenset(span.kind for span in find(text, region=region))


def find(text: str, *, region: str = DEFAULT_REGION) -> list[Span]:
    """The personal data in ``text``, from left to right, never overlapping.

    ``region`` (ISO 3166-1 alpha-2) is where a phone number without a calling code is dialled;
    one unknown to phonenumbers leaves only numbers in international form.
    """
    if not _may_hold_any(text):
        return []
    folded = text if text.isascii() and text.isprintable() else text.translate(_FOLDED)
    visible = _INVISIBLE.sub("", folded)
    spans = _find_in_folded(visible, region)
    if len(visible) < len(folded):
        at = [index for index, character in enumerate(folded) if not _INVISIBLE.match(character)]
        spans = [Span(at[span.start], at[span.end - 1] + 1, span.kind) for span in spans]
    return sorted(spans)


def redact_tree(value: Any, *, region: str = DEFAULT_REGION, depth: int = DEEPEST) -> Any:
    """A copy of JSON-like ``value`` with every string in it redacted, keys included.

    Dicts and lists are followed ``depth`` levels down; what lies deeper becomes ``[TOO DEEP]``.
    Keys that redaction makes equal are told apart by a number, so that no value is lost. Numbers
    are left as they are.
    """
    if isinstance(value, str):
        return redact(value, region=region)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth == 0:
        return TOO_DEEP
    if not isinstance(value, Mapping):
        return [redact_tree(item, region=region, depth=depth - 1) for item in value]
    redacted: dict[Any, Any] = {}
    for key, item in value.items():
        name = redact(key, region=region) if isinstance(key, str) else key
        redacted[_unused(name, redacted)] = redact_tree(item, region=region, depth=depth - 1)
    return redacted


def _unused(name: Any, taken: Mapping[Any, Any]) -> Any:
    if name not in taken:
        return name
    return next(f"{name} ({number})" for number in count(2) if f"{name} ({number})" not in taken)


def _may_hold_any(text: str) -> bool:
    """Whether ``text`` has an @, a digit of any script, or colons enough for an IPv6 address."""
    if text.isascii():
        has_digit_or_at = any(map(text.__contains__, "0123456789@"))
    else:
        has_digit_or_at = _DIGIT_OR_AT.search(text) is not None
    return has_digit_or_at or "::" in text or text.count(":") > 6


def _find_in_folded(text: str, region: str) -> list[Span]:
    text = _PLACEHOLDER.sub(lambda found: _mark(_PLACEHOLDERS[found[0]], len(found[0])), text)
    spans: list[Span] = []
    for _ in range(_MOST_PASSES):
        before = len(spans)
        for finder in (emails, ibans, ipv6s, ipv4s, partial(numbers, region=region)):
            found = list(finder(text))
            text = _masked(text, found)
            spans += found
        if len(spans) == before or not _may_hold_any(text):
            break
    return spans


def _masked(text: str, spans: list[Span]) -> str:
    pieces = []
    end = 0
    for span in spans:
        pieces += text[end : span.start], _mark(span.kind, span.end - span.start)
        end = span.end
    return "".join(pieces) + text[end:]


def _mark(kind: Kind, length: int) -> str:
    return (MASKED_PHONE if kind is Kind.PHONE else MASKED) * length
