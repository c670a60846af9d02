"""What comes in by a channel, whatever its form was. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class BadMessage(Exception):
    """The request is genuine, but cannot be read; the text says why."""

    problem_status = 400


class Kind(StrEnum):
    QUESTION = "question"
    CHOICE = "choice"
    """A button was pressed, or an option sent back."""
    RATING = "rating"
    """A reaction to one of our messages."""
    START = "start"
    """A conversation was opened, without a question."""


@dataclass(frozen=True)
class Inbound:
    """One message of one person."""

    id: str
    """Unique in its channel: the same id is the same message."""
    kind: Kind
    sender: str
    """The person, as a user id such as ``slack:T1:U1``."""
    thread: str
    """Where the person and the site talk; the same in all messages of one conversation."""
    text: str = ""
    choice: str = ""
    """The token of the option."""
    helpful: bool | None = None
    """Of a rating."""
    reference: str = ""
    """Of a rating: the message of ours that it is about."""
    address: dict[str, Any] = field(default_factory=dict)
    """What the reply needs to arrive there, such as Slack's ``channel`` and ``thread_ts``."""
    known_only: bool = False
    """Whether it counts only in a thread in which this person talks with the site already."""


@dataclass(frozen=True)
class Sent:
    """What another server said to one message of ours."""

    succeeded: bool
    text: str
    reference: str = ""
    """By which a reaction names this message; empty if there are none."""
    wait: int = 0
    """Seconds until it may be sent again."""
    is_permanent: bool = False
    """Whether it would fail again."""


def is_permanent(status: int) -> bool:
    """Whether a request with this status would get it again: 4xx, except timeouts and limits."""
    return 400 <= status < 500 and status not in {408, 425, 429}
