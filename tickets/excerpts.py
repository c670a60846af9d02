"""Extract the part of a message that belongs into an FAQ. Pure: standard library only."""

from __future__ import annotations

import re

_SALUTATION = (
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|(?:as)?salaa?m(?: \w+)?)"
)
_NAME = r"(?-i: (?:[A-Z][\w.'\u2019-]*|there|all|team))"
_GREETING = re.compile(
    # A line of its own, or a name before a comma.
    rf"\s*{_SALUTATION}\b(?:(?:[ ,]+[\w.'\u2019-]+){{0,4}}[ ,.!:]*\n|{_NAME}{{0,3}}\s?[,!:])\s*",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"^(?:(?:kind(?:est)?|best|warm(?:est)?|many) (?:regards|wishes|thanks)|regards|best|cheers"
    r"|thanks|thank you|(?:yours )?(?:sincerely|faithfully|truly)|have a (?:nice|good|great) \w+)"
    r"\b[^\n]{0,40}(?:\n[^\n]{0,40}){0,6}\Z",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_PLACEHOLDER = re.compile(r"\[[A-Z]+\]")


def letter_body(text: str) -> str:
    """Remove greeting and sign-off. Empty only if ``text`` is blank."""
    body = _GREETING.sub("", text.strip(), count=1) if _GREETING.match(text.strip()) else text
    return _SIGN_OFF.sub("", body.strip()).strip() or text.strip()


def without_placeholders(text: str) -> str:
    """Remove the sentences that have a placeholder such as ``[PHONE]``, unless all have one."""
    sentences = _SENTENCE_END.split(text.strip())
    rest = [sentence for sentence in sentences if not _PLACEHOLDER.search(sentence)]
    return " ".join(rest) if rest and len(rest) < len(sentences) else text


def has_placeholder(text: str) -> bool:
    """Whether the text has a placeholder such as ``[PHONE]``."""
    return _PLACEHOLDER.search(text) is not None
