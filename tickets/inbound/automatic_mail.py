"""Recognise mails that a program wrote: they are never answered. Pure.

The markers: RFC 3834 (Auto-Submitted, Return-Path), RFC 2919 and 2369 (lists), RFC 3462 (reports),
MS-OXCMAIL 2.2.3.2.14 (X-Auto-Response-Suppress), and what older programs write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

ANY_VALUE = (
    *("x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-auto-reply-from"),
    *("x-mail-autoreply", "list-id", "list-unsubscribe", "x-loop", "x-failed-recipients"),
)
"""Headers that only programs write, whatever their value."""

PRECEDENCES = frozenset({"bulk", "junk", "list", "auto_reply"})

_PROGRAMS = re.compile(
    r"(?:mailer-daemon|postmaster|no-?_?reply|do-?_?not-?_?reply|bounces?|auto-?reply)(?:[+=-].*)?\Z",
    re.IGNORECASE,
)
"""Local parts of addresses that nobody reads."""


def marker(headers: Mapping[str, Sequence[str]], *, media_type: str, sender: str) -> str:
    """Why the mail counts as automatic, such as ``Precedence: bulk``; empty for a person's mail.

    ``headers``: the values by name in lower case. ``sender``: the address in From.
    """
    auto_submitted = _first(headers, "auto-submitted").partition(";")[0].strip().casefold()
    if auto_submitted not in ("", "no"):
        return "Auto-Submitted"
    for name in ANY_VALUE:
        if name in headers:
            return name.title()
    if (precedence := _first(headers, "precedence").casefold()) in PRECEDENCES:
        return f"Precedence: {precedence}"
    if "return-path" in headers and _first(headers, "return-path").replace(" ", "") == "<>":
        return "Return-Path: <>"
    if media_type == "multipart/report":
        return "multipart/report"
    if _PROGRAMS.match(sender.rpartition("@")[0]):
        return "an address that nobody reads"
    return ""


def _first(headers: Mapping[str, Sequence[str]], name: str) -> str:
    values = headers.get(name) or [""]
    return values[0].strip()
