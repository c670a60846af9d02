"""Group a person's asks into needs, and find the one end of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from assistant.decision.reasons import Reason

SAME_NEED_WITHIN = timedelta(minutes=30)
"""Asks of one person that are closer than this belong to one need."""

WINDOW = timedelta(days=7)
"""How long a need is open after its last ask. Later tickets and feedback do not change it."""

GREETINGS = frozenset({Reason.SMALL_TALK})
"""Messages without a question; they are in no need."""

OPEN = "open"
"""Stands for the end of a need that is not closed yet."""

NO_QUESTION = frozenset({Reason.SMALL_TALK, Reason.HAND_OFF, Reason.UNREADABLE})
"""Messages that no FAQ could answer; they are out of the scope of coverage."""


class End(StrEnum):
    """How a need ended. The first that applies, in this order, is its end."""

    ESCALATED = "escalated"
    REJECTED = "rejected"
    ABANDONED = "abandoned"
    CONFIRMED = "confirmed"
    CONTAINED = "contained"


@dataclass(frozen=True)
class Ask:
    """One ask of a person. ``helpful`` is their last feedback on it, given at ``rated``."""

    ask_id: str
    at: datetime
    outcome: str
    reason: str = ""
    conversation: str = ""
    helpful: bool | None = None
    rated: datetime | None = None


@dataclass(frozen=True)
class Ticket:
    """A ticket of the same person, or one that names one of their asks."""

    at: datetime
    ask_id: str = ""
    reason: str = ""
    is_own: bool = True
    """Whether the person who asked is its requester."""


@dataclass(frozen=True)
class Need:
    """``asks`` are in order of time, at least one."""

    asks: tuple[Ask, ...]
    end: End
    escalation: str = ""
    """The reason of its first ticket; empty unless escalated."""

    @property
    def first(self) -> datetime:
        return self.asks[0].at

    @property
    def last(self) -> datetime:
        return self.asks[-1].at


def needs(asks: Iterable[Ask], tickets: Sequence[Ticket]) -> list[Need]:
    """The needs behind one person's ``asks`` (without greetings), in order of time."""
    return [_need(group, tickets) for group in grouped(asks)]


def grouped(asks: Iterable[Ask]) -> list[tuple[Ask, ...]]:
    """The asks of each need, in order of time.

    An ask joins a need whose last ask is less than ``SAME_NEED_WITHIN`` before it, or that has its
    conversation and is still open. If it joins several, they are one need.
    """
    groups: list[_Group] = []
    closed: list[_Group] = []
    for ask in sorted(asks, key=_order):
        closed += [group for group in groups if not group.is_open_at(ask.at)]
        groups = [group for group in groups if group.is_open_at(ask.at)]
        joined = [group for group in groups if group.takes(ask)]
        group = joined[0] if joined else _Group()
        for other in joined[1:]:
            group.merge(other)
        group.add(ask)
        groups = [other for other in groups if other not in joined] + [group]
    return sorted(
        (tuple(group.asks) for group in [*closed, *groups]), key=lambda asks: _order(asks[0])
    )


def _order(ask: Ask) -> tuple[datetime, str]:
    return ask.at, ask.ask_id


@dataclass(eq=False)
class _Group:
    asks: list[Ask] = field(default_factory=list)
    conversations: set[str] = field(default_factory=set)

    def is_open_at(self, at: datetime) -> bool:
        return at - self.asks[-1].at < WINDOW

    def takes(self, ask: Ask) -> bool:
        is_close = ask.at - self.asks[-1].at < SAME_NEED_WITHIN
        return is_close or ask.conversation in self.conversations

    def add(self, ask: Ask) -> None:
        self.asks.append(ask)
        if ask.conversation:
            self.conversations.add(ask.conversation)

    def merge(self, other: _Group) -> None:
        self.asks = sorted([*self.asks, *other.asks], key=_order)
        self.conversations |= other.conversations


def _need(asks: tuple[Ask, ...], tickets: Sequence[Ticket]) -> Need:
    until = asks[-1].at + WINDOW
    ids = {ask.ask_id for ask in asks}
    escalations = sorted(
        (
            ticket
            for ticket in tickets
            if asks[0].at <= ticket.at < until and (ticket.is_own or ticket.ask_id in ids)
        ),
        key=lambda ticket: (ticket.ask_id not in ids, ticket.at),
    )
    if escalations:
        return Need(asks, End.ESCALATED, escalations[0].reason)
    return Need(asks, _end_without_ticket(asks, until))


def _end_without_ticket(asks: Sequence[Ask], until: datetime) -> End:
    last = asks[-1]
    ratings = {ask.helpful for ask in asks if ask.rated and ask.rated < until}
    if False in ratings or any(ask.reason == Reason.NONE_OF_THESE for ask in asks):
        return End.REJECTED
    if last.outcome != "answered":
        return End.ABANDONED
    if True in ratings or last.reason == Reason.CHOSEN:
        return End.CONFIRMED
    return End.CONTAINED
