"""Plot an evaluation. The only module that imports matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.evaluation.curves import Point


def plot_curve(points: Sequence[Point], path: Path) -> None:
    """Plot precision against coverage for every possible threshold, as a PNG file."""
    # Figure instead of pyplot: no window, and no state shared between threads.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    coverage = [point.coverage.value or 0.0 for point in points]
    axes.plot(coverage, [point.precision.value or 0.0 for point in points], color="#9810fa")
    low, high = zip(*(point.precision.interval for point in points), strict=True)
    axes.fill_between(coverage, low, high, color="#9810fa", alpha=0.15, label="95 % interval")
    axes.set(
        xlabel="coverage: answerable questions answered right",
        ylabel="precision: answers that are right",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    axes.legend(loc="lower left")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
