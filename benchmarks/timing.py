"""Times of answers, and ratios with their spread. Pure: standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one answer, and the number of answers a second."""

    median: float
    p95: float
    p99: float
    per_second: float

    @classmethod
    def of(cls, ms: Sequence[float], seconds: float) -> Timing:
        """Percentiles by nearest rank. Raises ``ValueError`` if there is no answer."""
        if not ms:
            raise ValueError("there is no answer")
        ranked = sorted(ms)
        return cls(
            median=median(ranked),
            p95=_nearest_rank(ranked, 0.95),
            p99=_nearest_rank(ranked, 0.99),
            per_second=len(ranked) / seconds,
        )

    @classmethod
    def middle(cls, timings: Sequence[Timing]) -> Timing:
        """The median of each number over several rounds."""
        return cls(
            median=median(timing.median for timing in timings),
            p95=median(timing.p95 for timing in timings),
            p99=median(timing.p99 for timing in timings),
            per_second=median(timing.per_second for timing in timings),
        )


def _nearest_rank(ranked: Sequence[float], proportion: float) -> float:
    return ranked[min(int(proportion * len(ranked)), len(ranked) - 1)]


@dataclass(frozen=True)
class Ratio:
    """The median of the ratios of several rounds, with the least and the greatest of them."""

    middle: float
    least: float
    greatest: float

    @classmethod
    def of(cls, numerators: Sequence[float], denominators: Sequence[float]) -> Ratio:
        """Round by round, so that a slow minute of the machine slows both sides of a ratio."""
        ratios = [a / b for a, b in zip(numerators, denominators, strict=True)]
        return cls(median(ratios), min(ratios), max(ratios))

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.least:.2f}-{self.greatest:.2f})"
