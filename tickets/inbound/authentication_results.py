"""The result of our own mail server's checks of a mail's sender (RFC 8601, RFC 7489). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

MAX_LENGTH = 4_000

_COMMENT = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_RESULT = re.compile(r"\s*dmarc\s*=\s*(\w+)", re.IGNORECASE)
_DOMAIN = re.compile(r"\bheader\.from\s*=\s*([^\s;]+)", re.IGNORECASE)


class Dmarc(StrEnum):
    PASS = "pass"  # noqa: S105 (no password)
    FAIL = "fail"
    UNKNOWN = "unknown"
    """The sender's domain has no policy, or our mail server says nothing."""


def dmarc_of(headers: Iterable[str], *, authserv_id: str, sender: str) -> Dmarc:
    """The DMARC result of the address ``sender`` in Authentication-Results headers, topmost first.

    Only headers of ``authserv_id`` count, the name of our own mail server; the topmost decides,
    since whoever wrote the mail may have added others below. An empty name: unknown.
    """
    for header in headers if authserv_id else ():
        name, results = _parse(header)
        if name.casefold() != authserv_id.casefold():
            continue
        for result in results:
            if match := _RESULT.match(result):
                return _value(match[1], result, sender)
    return Dmarc.UNKNOWN


def _parse(header: str) -> tuple[str, list[str]]:
    """The server and its results, without quoted texts and comments, which senders may choose."""
    text = _QUOTED.sub('""', header[:MAX_LENGTH])
    while text != (shorter := _COMMENT.sub(" ", text)):
        text = shorter
    if re.search(r'"[^"]|[()\\]', text.replace('""', "")):
        return "", []
    name, *results = text.split(";")
    return (name.split() or [""])[0], results


def _value(result: str, text: str, sender: str) -> Dmarc:
    domain = _DOMAIN.search(text)
    own = sender.rpartition("@")[2].casefold()
    if domain and domain[1].casefold().rstrip(".") != own:
        return Dmarc.UNKNOWN
    values = {"pass": Dmarc.PASS, "fail": Dmarc.FAIL}
    return values.get(result.casefold(), Dmarc.UNKNOWN)
