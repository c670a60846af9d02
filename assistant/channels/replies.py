"""What a channel says: a text in Markdown, and what the person may choose next. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NONE, PERSON, HELPFUL, UNHELPFUL, NEW = "none", "person", "yes", "no", "new"
"""What an offer does, besides ``1``, ``2``, …: the options of a clarification."""


@dataclass(frozen=True)
class Offer:
    """A choice in a reply: a button, or a line of a numbered list."""

    label: str
    does: str

    def token(self, message_id: object) -> str:
        """At most 64 bytes, as Telegram allows: https://core.telegram.org/bots/api"""
        return f"{message_id}:{self.does}"


@dataclass(frozen=True)
class Reply:
    """The reply to one message, in order: a text, then what may be chosen."""

    text: str
    offers: tuple[Offer, ...] = ()
    outcome: str = ""
    ask_id: str = ""


@dataclass(frozen=True)
class Outbound:
    """A reply ready for a channel. ``texts`` are its parts in order, in the channel's markup."""

    texts: tuple[str, ...]
    buttons: tuple[tuple[str, str], ...] = ()
    """Labels with their tokens; they belong to the last text."""
    facts: tuple[tuple[str, Any], ...] = ()
    """``type``, ``outcome``, ``ask_id``, ``in_reply_to``, ``ticket``: for programs."""
    is_plain: bool = False
    """Whether a person wrote it, so that no character of it is markup."""


def split_token(token: str) -> tuple[str, str]:
    """The message id, and what the offer does."""
    message_id, _, does = token.partition(":")
    return message_id, does


def numbered(offers: Sequence[Offer], hint: str) -> str:
    """The offers as Markdown, for a channel without buttons."""
    if not offers:
        return ""
    lines = (f"{number}. {_escaped(offer.label)}" for number, offer in enumerate(offers, 1))
    return "\n".join(lines) + f"\n\n{hint}"


def _escaped(text: str) -> str:
    """As Markdown that shows the same characters."""
    return re.sub(r"([\\*_\[\]<>`])", r"\\\1", " ".join(text.split()))


def chosen_by_number(text: str, offers: Sequence[Offer]) -> Offer | None:
    """The offer that a message such as ``2`` or ``2.`` means; None if it means none."""
    number = text.strip().rstrip(".)")
    if not (number.isascii() and number.isdecimal() and len(number) <= 2):
        return None
    return offers[int(number) - 1] if 1 <= int(number) <= len(offers) else None
