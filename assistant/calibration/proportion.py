"""A count out of a total, with its 95 % confidence interval.

Pure: standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959964
"""The standard normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Proportion:
    """``count`` out of ``total``; ``ValueError`` unless 0 <= count <= total."""

    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total:
            raise ValueError(f"{self.count} out of {self.total} is no proportion")

    @property
    def value(self) -> float | None:
        """0..1; None when ``total`` is 0."""
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % score interval, 0..1; (0, 1) when ``total`` is 0.

        Wilson 1927, "Probable inference, the law of succession, and statistical inference". Unlike
        value +/- 2 standard errors it stays within 0..1 and holds for proportions near 0 or 1.
        """
        if not self.total:
            return 0.0, 1.0
        value, squared = self.count / self.total, Z95 * Z95
        scale = 1.0 + squared / self.total
        centre = (value + squared / (2 * self.total)) / scale
        spread = value * (1.0 - value) / self.total + squared / (4 * self.total**2)
        half = Z95 * sqrt(spread) / scale
        # Exactly 0 and 1 in theory, off by rounding errors in practice.
        low = 0.0 if self.count == 0 else max(0.0, centre - half)
        high = 1.0 if self.count == self.total else min(1.0, centre + half)
        return low, high

    def as_dict(self) -> dict[str, float | int | list[float] | None]:
        return {
            "count": self.count,
            "total": self.total,
            "value": self.value,
            "interval": list(self.interval),
        }

    def __str__(self) -> str:
        """Such as ``94.8 % (93.5 to 95.9) of 1432``."""
        if not self.total:
            return "none"
        value, low, high = (100 * part for part in (self.count / self.total, *self.interval))
        return f"{value:.1f} % ({low:.1f} to {high:.1f}) of {self.total}"
