"""What is wrong with an FAQ, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from assistant.calibration.proportion import Proportion

MIN_RATINGS = 5
"""With fewer, unhelpful ratings are listed after all others."""

MIN_UNHELPFUL = 2
"""A single unhelpful rating is no finding."""

MIN_PEOPLE = 2
"""People who opened a ticket or asked again after an answer."""

MIN_RATE = 0.1
"""Of the lower bound of a rate: two of five (.12) is a finding, two of six (.097) is not."""

MIN_NEAR_PEOPLE = 3

MIN_ANSWERED = 0.5
"""Share of the asks near an FAQ that it should answer."""

DAYS_LIVE = 30
"""Days. Nobody may have asked for a younger FAQ yet."""

ASKS_PER_FAQ = 3
"""With so many asks for each FAQ of the site, one that is asked for as often as the others is
nearest to none with a probability of only exp(-3), 5 %."""


class Kind(StrEnum):
    """In the order of the list."""

    FEEDBACK = "feedback"
    CONTACT = "contact"
    OUTDATED = "outdated"
    UNANSWERED = "unanswered"
    DUPLICATE = "duplicate"
    NEVER = "never"


LABELS = {
    Kind.FEEDBACK: "Bad feedback",
    Kind.CONTACT: "Contact after the answer",
    Kind.OUTDATED: "Out of date",
    Kind.UNANSWERED: "Nearest, but not answering",
    Kind.DUPLICATE: "Near duplicates",
    Kind.NEVER: "Never asked",
}


@dataclass(frozen=True)
class Duplicate:
    """The closest phrasings of two FAQs; ``similarity``: -1..1."""

    other_id: str
    phrasing: str
    other_phrasing: str
    similarity: float


@dataclass(frozen=True)
class Counts:
    """Of one FAQ. ``rated``, ``unhelpful``, ``raters``: since its answer changed, and of these
    ``recent_…`` in the last 30 days. The others: in the last 90 days.
    """

    rated: int = 0
    unhelpful: int = 0
    raters: int = 0
    recent_rated: int = 0
    recent_unhelpful: int = 0
    readers: int = 0
    """People who got its answer."""
    contacts: int = 0
    """Readers who opened a ticket or asked again within a day."""
    tickets: int = 0
    """Readers who opened a ticket."""
    near: int = 0
    """Asks that it was nearest to."""
    near_people: int = 0
    answered: int = 0
    """Of ``near``, those it answered."""


@dataclass(frozen=True, kw_only=True)
class Facts(Counts):
    """All that the findings of one FAQ rest on."""

    faq_id: str
    today: date
    review_by: date | None = None
    days_live: int = 0
    is_never_near: bool = False
    """No ask of 90 days was near it, though the site had ``ASKS_PER_FAQ`` asks for each FAQ."""
    reviewed: frozenset[Kind] = frozenset()
    """Kinds that a person has marked as reviewed not long ago."""
    duplicates: tuple[Duplicate, ...] = ()


@dataclass(frozen=True)
class Finding:
    """``rank``: the larger, the sooner within its kind. ``other_id``: of a duplicate."""

    kind: Kind
    faq_id: str
    rank: float
    numbers: str
    action: str
    other_id: str = ""

    @property
    def label(self) -> str:
        return LABELS[self.kind]

    def as_dict(self) -> dict[str, str | float]:
        return {
            "kind": self.kind.value,
            "faq_id": self.faq_id,
            "rank": self.rank,
            "numbers": self.numbers,
            "action": self.action,
            "other_id": self.other_id,
        }


def ranked(all_facts: Iterable[Facts]) -> list[Finding]:
    """The findings of all FAQs: by kind, then by rank, then by FAQ."""
    places = {kind: place for place, kind in enumerate(Kind)}
    return sorted(
        (finding for facts in all_facts for finding in findings_of(facts)),
        key=lambda finding: (places[finding.kind], -finding.rank, finding.faq_id),
    )


def findings_of(facts: Facts) -> list[Finding]:
    """The findings of one FAQ, one of each kind and one for each duplicate."""
    candidates = (_feedback(facts), _contact(facts), _outdated(facts), _unanswered(facts))
    singles = [finding for finding in (*candidates, _never(facts)) if finding]
    return [*singles, *(_duplicate(facts, duplicate) for duplicate in facts.duplicates)]


def _feedback(facts: Facts) -> Finding | None:
    if facts.unhelpful < MIN_UNHELPFUL:
        return None
    low = _lower_bound(facts.unhelpful, facts.rated)
    is_ranked = facts.rated >= MIN_RATINGS
    if is_ranked and low < MIN_RATE:
        return None
    numbers = (
        f"{facts.unhelpful} of {facts.rated} ratings say that it did not help"
        f" (by {_people(facts.raters)}; lower bound of the rate {low:.2f})."
        f" Last 30 days: {facts.recent_unhelpful} of {facts.recent_rated}."
    )
    action = "Read the reasons, correct the answer and publish it."
    # Too few ratings say little: they come last, those with most unhelpful ones first.
    rank = low if is_ranked else facts.unhelpful / facts.rated - 2
    return Finding(Kind.FEEDBACK, facts.faq_id, rank, numbers, action)


def _contact(facts: Facts) -> Finding | None:
    low = _lower_bound(facts.contacts, facts.readers)
    if facts.contacts < MIN_PEOPLE or low < MIN_RATE:
        return None
    numbers = (
        f"{facts.contacts} of {_people(facts.readers)} who got this answer needed more within "
        f"a day: {facts.tickets} opened a ticket, {facts.contacts - facts.tickets} asked again."
    )
    action = "Read what they asked next, and add that to the answer."
    return Finding(Kind.CONTACT, facts.faq_id, low, numbers, action)


def _outdated(facts: Facts) -> Finding | None:
    if facts.review_by is None or facts.review_by > facts.today:
        return None
    days = (facts.today - facts.review_by).days
    numbers = f"Its review was due by {facts.review_by:%-d %B %Y}."
    action = "Check that the answer is still true, and set the next date."
    return Finding(Kind.OUTDATED, facts.faq_id, days, numbers, action)


def _unanswered(facts: Facts) -> Finding | None:
    share = facts.answered / facts.near if facts.near else 1.0
    if facts.near_people < MIN_NEAR_PEOPLE or share >= MIN_ANSWERED:
        return None
    numbers = (
        f"It was nearest to {facts.near} questions of {_people(facts.near_people)} in 90 days,"
        f" and answered {facts.answered}."
    )
    action = "Add their words as another way to ask."
    return Finding(Kind.UNANSWERED, facts.faq_id, facts.near - facts.answered, numbers, action)


def _never(facts: Facts) -> Finding | None:
    is_old = facts.days_live >= DAYS_LIVE
    if not (facts.is_never_near and is_old) or Kind.NEVER in facts.reviewed:
        return None
    numbers = "No question came near it in 90 days."
    action = "Retire it, or word it as customers do."
    return Finding(Kind.NEVER, facts.faq_id, 0.0, numbers, action)


def _duplicate(facts: Facts, duplicate: Duplicate) -> Finding:
    numbers = (
        f"“{duplicate.phrasing}” is {duplicate.similarity:.2f} similar to"
        f" “{duplicate.other_phrasing}” of {duplicate.other_id}."
    )
    action = "Make one FAQ of the two, or say in each what differs."
    return Finding(
        Kind.DUPLICATE, facts.faq_id, duplicate.similarity, numbers, action, duplicate.other_id
    )


def _lower_bound(count: int, total: int) -> float:
    """The lower bound of the rate, 0..1."""
    return Proportion(count, total).interval[0]


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
