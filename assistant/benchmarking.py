"""What a benchmark says: times, and ratios with their spread.

Pure: standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one answer, and how many answers a second there were."""

    median: float
    p95: float
    p99: float
    per_second: float

    @classmethod
    def of(cls, ms: Sequence[float], seconds: float) -> Timing:
        """Percentiles by nearest rank. Raises ``ValueError`` if nothing was answered."""
        if not ms:
            raise ValueError("nothing was answered")
        ranked = sorted(ms)
        return cls(
            median=round(median(ranked), 3),
            p95=round(_nearest_rank(ranked, 0.95), 3),
            p99=round(_nearest_rank(ranked, 0.99), 3),
            per_second=round(len(ranked) / seconds, 1),
        )

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def _nearest_rank(ranked: Sequence[float], share: float) -> float:
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


@dataclass(frozen=True)
class Ratio:
    """The middle of the ratios of several rounds, with the least and the greatest of them."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, above: Sequence[float], below: Sequence[float]) -> Ratio:
        """Round by round, so that a slow minute of the machine slows both sides of a ratio."""
        ratios = [a / b for a, b in zip(above, below, strict=True)]
        return cls(round(median(ratios), 3), round(min(ratios), 3), round(max(ratios), 3))

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.least:.2f}-{self.most:.2f})"


Round = Mapping[str, Timing]
"""What was measured in one round, by name."""

BARE, BY_HAND = "bare embedding", "by hand"


def middle(rounds: Sequence[Round], name: str) -> Timing:
    """The middle of each number over the rounds."""
    timings = [each[name].as_dict() for each in rounds]
    return Timing(**{number: round(median(t[number] for t in timings), 3) for number in timings[0]})


def to_by_hand(rounds: Sequence[Round], name: str) -> Ratio:
    """How many times as many answers a second as by hand."""
    return Ratio.of(
        [each[name].per_second for each in rounds], [each[BY_HAND].per_second for each in rounds]
    )


def to_bare(rounds: Sequence[Round], name: str) -> Ratio:
    """The median time of an answer, in medians of the bare embedding."""
    return Ratio.of([each[name].median for each in rounds], [each[BARE].median for each in rounds])


def tail_to_by_hand(rounds: Sequence[Round], name: str) -> Ratio:
    """The p95 of an answer, in medians of doing it by hand, one question at a time."""
    return Ratio.of([each[name].p95 for each in rounds], [each[BY_HAND].median for each in rounds])


def summary(rounds: Sequence[Round]) -> dict[str, Any]:
    """All there is to keep of a run, by name."""
    return {
        name: {
            **middle(rounds, name).as_dict(),
            "times_by_hand": asdict(to_by_hand(rounds, name)),
            "p95_by_hand": asdict(tail_to_by_hand(rounds, name)),
            "medians_of_bare": asdict(to_bare(rounds, name)),
        }
        for name in rounds[0]
    }
