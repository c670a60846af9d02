"""The cards of the page of outcomes: a figure, its rows and its change."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.outcomes import figures
from assistant.outcomes.desk.links import Link, link
from assistant.outcomes.figures import Coverage, NeedCounts
from assistant.outcomes.rates import DEFINITIONS, Rate
from assistant.outcomes.selection import Selection


@dataclass(frozen=True)
class Card:
    """A figure: a rate, or a number where ``rate`` is None."""

    title: str
    value: Link
    note: str
    base: Link | None
    before: str
    definition: str
    beside: Card | None = None


@dataclass(frozen=True)
class Period:
    """The numbers of a period from which cards are made."""

    needs: NeedCounts
    coverage: Coverage
    precision: Rate

    @classmethod
    def of(cls, selection: Selection) -> Period:
        return cls(
            figures.need_counts(selection),
            figures.coverage(selection),
            figures.precision(selection),
        )


def cards(selection: Selection, now: Period, before: Period) -> list[Card]:
    """Abandonment is beside resolution and deflection, and of the same size."""
    rates, earlier = now.needs.ends.rates, before.needs.ends.rates

    def card(title: str, name: str, base: str = "closed", beside: Card | None = None) -> Card:
        return _rate_card(selection, title, (name, base), (rates[name], earlier[name]), beside)

    confirmed = card("Confirmed", "confirmed")
    return [
        card("Resolution", "resolution", beside=confirmed),
        card("Deflection", "deflection", "offered"),
        card("Abandonment", "abandonment"),
        _rate_card(
            selection,
            "Escalation",
            ("escalation", "closed"),
            (rates["escalation"], earlier["escalation"]),
        ),
        _rate_card(
            selection,
            "Coverage",
            ("answered", "asks"),
            (now.coverage.total, before.coverage.total),
            definition="coverage",
        ),
        _rate_card(
            selection,
            "Precision of the sample",
            ("right", "judged"),
            (now.precision, before.precision),
            definition="precision",
        ),
        *count_cards(selection, now, before),
    ]


def count_cards(selection: Selection, now: Period, before: Period) -> list[Card]:
    ends, earlier = now.needs.ends, before.needs.ends
    numbers = [
        ("Needs", "needs", "need", ends.total, earlier.total),
        ("Still open", "open", "open", ends.open, earlier.open),
        (
            *("Anonymous visitors", "anonymous", "anonymous"),
            *(sum(ends.anonymous.values()), sum(earlier.anonymous.values())),
        ),
    ]
    return [
        Card(
            title,
            link(number, name, selection),
            "not recognised after their session" if name == "anonymous" else "",
            None,
            str(number_before),
            DEFINITIONS[definition],
        )
        for title, name, definition, number, number_before in numbers
    ]


def _rate_card(
    selection: Selection,
    title: str,
    names: tuple[str, str],
    values: tuple[Rate, Rate],
    beside: Card | None = None,
    *,
    definition: str = "",
) -> Card:
    (name, base), (rate, before) = names, values
    low_high = ""
    if rate.interval:
        low, high = rate.interval
        low_high = f"95 % interval {100 * low:.0f} to {100 * high:.0f} %"
    return Card(
        title,
        link(rate.text if rate.value is not None else rate.count, name, selection),
        low_high if rate.value is not None else "too few for a rate",
        link(f"{rate.count} of {rate.total}", base, selection),
        before.text if before.value is not None else f"{before.count} of {before.total}",
        DEFINITIONS[definition or name],
        beside,
    )
