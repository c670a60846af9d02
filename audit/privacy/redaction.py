"""Mask personal data in a text before it is written anywhere.

Pure. ``redact("call me on +92 300 1234567")`` is ``"call me on [PHONE]"``. It finds e-mail
addresses, phone numbers, Pakistani identity numbers (CNIC), payment cards, IBANs and IP
addresses, in the digits of any script. It does not find names and street addresses.

Two guarantees: ``redact(redact(text)) == redact(text)``, and time linear in the length of the text,
whatever the text is (every quantifier of every pattern is bounded).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from unicodedata import decimal

from audit.privacy.digit_runs import MASKED, MASKED_PHONE, NO_NUMBER
from audit.privacy.id_numbers import numbers
from audit.privacy.patterns import Kind, Span, emails, ibans, ipv4s, ipv6s, may_spell_email
from audit.privacy.split_numbers import split_numbers

__all__ = ["Kind", "Span", "find", "kinds", "redact", "redact_tree"]

NO_REGION = ""
"""No default country: a phone number without a calling code is read by its form alone."""
# Deeper than any payload of ours; Python's own limit on recursion is 1,000.
DEEPEST = 32
TOO_DEEP = "[TOO DEEP]"

_PLACEHOLDERS = {kind.placeholder: kind for kind in Kind}
_PLACEHOLDER = re.compile("|".join(map(re.escape, _PLACEHOLDERS)))
# One number can hide its neighbour; once it is masked the next pass reads the neighbour.
_MAX_PASSES = 4

# Every fold is one character for one, so that offsets stay true.
_AT_SIGNS = "@\N{FULLWIDTH COMMERCIAL AT}\N{SMALL COMMERCIAL AT}"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
_SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_PLANES_WITH_DIGITS = 0x20000
_FOLDED = {
    code: str(decimal(chr(code)))
    for code in range(0x80, _PLANES_WITH_DIGITS)
    if chr(code).isdecimal()
}
_FOLDED |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # fullwidth ASCII
_FOLDED |= dict.fromkeys(map(ord, _AT_SIGNS), "@")
_FOLDED |= dict.fromkeys(map(ord, _DASHES), "-")
_FOLDED |= dict.fromkeys(map(ord, _SPACES), " ")
# Reserved for masked text, so they must not occur in the input.
_FOLDED |= dict.fromkeys(map(ord, MASKED + MASKED_PHONE + NO_NUMBER), " ")
# Marks of zero width or of writing direction, and what makes an emoji of a digit.
_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe0e\ufe0f\u20e3]"
)
# How HTML writes a no-break space.
_HTML_SPACE = re.compile(r"&(?:nbsp|#160|#xa0);", re.IGNORECASE)
_NO_TEXT = frozenset({int, float, bool, type(None)})
# An id that a program made; one in ten thousand reads as an IBAN.
_UUID = re.compile(r"(?<![\w-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])")
_DIGIT_OR_AT = re.compile(rf"[\d{_AT_SIGNS}]")
# In ASCII: the @ of an e-mail and what follows it up to a dot; IPv6; IPv4; the beginning of an
# IBAN; and the seven digits, with what links them, without which nothing is a phone, a card or a
# CNIC (see ``digit_runs``). A search for a digit or sign skips words quickly: letters that stand
# before it are in lookbehinds.
_SHAPES = re.compile(
    r"[0-9@:](?:"
    r"(?:(?<=@)|(?<=%40))[A-Za-z0-9][A-Za-z0-9_-]{0,62}\."
    r"|(?<=:)[0-9A-Fa-f]{0,4}:"
    r"|(?<=[0-9])\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"
    r"|(?<=[A-Za-z]{2}[0-9])(?<![A-Za-z0-9][A-Za-z]{2}[0-9])[0-9]"
    r"|(?<=[0-9])(?:[ ()./\x00-\x02\t\r\n,_|-]{0,6}[0-9]){6}"
    r"|(?<=@) [A-Za-z0-9][A-Za-z0-9_-]{0,62}\."
    r")"
)
# No shape spans it, so that texts joined by it can be searched together.
_BOUNDARY = "\x1f"


def redact(text: str, *, region: str = NO_REGION) -> str:
    """``text`` with each piece of personal data replaced by ``[EMAIL]``, ``[PHONE]`` and so on."""
    if not _may_hold_any(text):
        return text
    return _replaced(text, find(text, region=region), lambda span: span.kind.placeholder)


def kinds(text: str, *, region: str = NO_REGION) -> frozenset[Kind]:
    """The kinds of personal data in ``text``."""
    return frozenset(span.kind for span in find(text, region=region))


def find(text: str, *, region: str = NO_REGION) -> list[Span]:
    """The personal data in ``text``, from left to right, never overlapping.

    ``region`` (ISO 3166-1 alpha-2) is where a phone number without a calling code is dialled. With
    none, or one unknown to phonenumbers, only numbers with a calling code, in a form that only
    phones have, or named by a word beside them count as phones.
    """
    if not _may_hold_any(text):
        return []
    folded = text.translate(_FOLDED)
    if "&" in folded:
        folded = _HTML_SPACE.sub(lambda match: " " + "\u200b" * (len(match[0]) - 1), folded)
    visible = _INVISIBLE.sub("", folded)
    spans = _find_in_folded(visible, region)
    if len(visible) < len(folded):
        at = [index for index, character in enumerate(folded) if not _INVISIBLE.match(character)]
        spans = [Span(at[span.start], at[span.end - 1] + 1, span.kind) for span in spans]
    return sorted(spans)


def redact_tree(value: Any, *, region: str = NO_REGION, depth: int = DEEPEST) -> Any:
    """JSON-like ``value`` with every string redacted, keys included; ``value`` itself if none is.

    Dicts and lists are followed ``depth`` levels down; what lies deeper becomes ``[TOO DEEP]``.
    Keys that redaction makes equal are numbered, so that no value is lost. Only strings are
    redacted: whatever is neither string, dict, list nor tuple is returned as it is.
    """
    texts = _texts_in(value, depth)
    if texts is None or _may_any_hold(texts):
        return _redacted_tree(value, region, depth)
    return value


def _redacted_tree(value: Any, region: str, depth: int) -> Any:
    if isinstance(value, str):
        return redact(value, region=region)
    # The numbers first: the test for a Mapping takes ten times as long.
    if value is None or isinstance(value, (int, float)):
        return value
    if not isinstance(value, (dict, list, tuple, Mapping)):
        return value
    if depth == 0:
        return TOO_DEEP
    if not isinstance(value, Mapping):
        return [_redacted_tree(item, region, depth - 1) for item in value]
    redacted: dict[Any, Any] = {}
    used: Counter[Any] = Counter()
    for key, item in value.items():
        name = redact(key, region=region) if isinstance(key, str) else key
        unique = name
        while unique in redacted:
            used[name] += 1
            unique = f"{name} ({used[name] + 1})"
        redacted[unique] = _redacted_tree(item, region, depth - 1)
    return redacted


def _texts_in(value: Any, depth: int) -> list[str] | None:
    """Every string in ``value``; None if it is too deep or holds a type not handled here."""
    texts: list[str] = []
    level = [value]
    while level:
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                texts.append(item)
            elif kind is dict:
                below += item
                below += item.values()
            elif kind is list:
                below += item
            elif isinstance(item, str):
                texts.append(item)
            elif kind not in _NO_TEXT:
                return None
        if below and depth == 0:
            return None
        level, depth = below, depth - 1
    return texts


def _may_any_hold(texts: Sequence[str]) -> bool:
    """As ``_may_hold_any``, with one search for all texts in ASCII."""
    joined = _BOUNDARY.join(texts)
    return any(map(_may_hold_any, [joined] if joined.isascii() else texts))


def _may_hold_any(text: str) -> bool:
    """A quick test: False means that ``text`` holds no personal data for certain."""
    if text.isascii() and _SHAPES.search(text) is not None:
        return True
    if may_spell_email(text):
        return True
    if "&" in text and _HTML_SPACE.search(text):
        return True
    if text.isascii():
        return False
    # An IPv6 address may have no digit, but then has "::" or seven colons.
    return bool(_DIGIT_OR_AT.search(text)) or "::" in text or text.count(":") > 6


def _find_in_folded(text: str, region: str) -> list[Span]:
    text = _PLACEHOLDER.sub(lambda match: _mask(_PLACEHOLDERS[match[0]], len(match[0])), text)
    text = _UUID.sub(lambda match: NO_NUMBER * len(match[0]), text)
    spans: list[Span] = []
    if not _may_hold_any(text):
        # An id of a record, for one.
        return spans
    for _ in range(_MAX_PASSES):
        count_before = len(spans)
        for finder in (
            *(emails, ibans, ipv6s, ipv4s),
            *(partial(numbers, region=region), partial(split_numbers, region=region)),
        ):
            matches = list(finder(text))
            text = _replaced(text, matches, lambda span: _mask(span.kind, span.end - span.start))
            spans += matches
        if len(spans) == count_before or not _may_hold_any(text):
            break
    return spans


def _mask(kind: Kind, length: int) -> str:
    return (MASKED_PHONE if kind is Kind.PHONE else MASKED) * length


def _replaced(text: str, spans: Iterable[Span], replacement: Callable[[Span], str]) -> str:
    pieces: list[str] = []
    end = 0
    for span in spans:
        pieces += text[end : span.start], replacement(span)
        end = span.end
    return "".join(pieces) + text[end:]
