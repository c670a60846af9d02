"""How an FAQ does with customers. The assistant registers the backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from audit.backends import Backend


@dataclass(frozen=True)
class Rating:
    """What somebody said of the answer; redacted, without a name."""

    at: datetime
    helpful: bool
    reason: str
    comment: str


@dataclass(frozen=True)
class Period:
    """The asks near an FAQ in some days, and what became of them."""

    asks: int
    answered: int
    unhelpful: int
    contacts: int
    """People who opened a ticket or asked again within a day after the answer."""


@dataclass(frozen=True)
class SinceChange:
    """An FAQ after its last change went live, and in as many days before. ``days``: 0 to 14."""

    release: int
    changed: datetime
    days: int
    after: Period
    before: Period


@dataclass(frozen=True)
class FaqHealth:
    """``findings``: a sentence with numbers, and what to do, of each. ``next_questions``: what
    people asked within a day after the answer, redacted, newest first.
    """

    findings: Sequence[tuple[str, str]]
    ratings: Sequence[Rating]
    next_questions: Sequence[str]
    since_change: SinceChange | None


class Health(Protocol):
    def __call__(self, faq_id: str) -> FaqHealth: ...


backend: Backend[Health] = Backend("faq.health.backend")
