"""Numbers as shapes of an SVG: bars, levels with marks, sparklines. Pure.

Coordinates are texts, so that no template rounds or localizes them. The origin is at the top left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 720, 180
SPARK_WIDTH, SPARK_HEIGHT = 160, 32
GRID_LINES = 4
TICKS = 7
"""At most so many dates below a chart."""


@dataclass(frozen=True)
class Bar:
    kind: str
    x: str
    y: str
    width: str
    height: str
    title: str


@dataclass(frozen=True)
class Line:
    """A grid line, a date or a mark: where it is, and its text."""

    at: str
    label: str


@dataclass(frozen=True)
class BarChart:
    bars: tuple[Bar, ...]
    grid: tuple[Line, ...]
    ticks: tuple[Line, ...]


@dataclass(frozen=True)
class LineChart:
    """``levels``: x from and to, y, title; ``dots``: x, y, title."""

    levels: tuple[tuple[str, str, str, str], ...]
    dots: tuple[tuple[str, str, str], ...]
    marks: tuple[Line, ...]
    grid: tuple[Line, ...]
    ticks: tuple[Line, ...]


def stacked_bars(
    days: Sequence[date], counts: Mapping[date, Mapping[str, int]], kinds: Sequence[str]
) -> BarChart:
    """One column a day; ``kinds`` from the bottom to the top."""
    totals = [sum(counts.get(day, {}).values()) for day in days]
    top = _round_up(max(totals, default=0))
    step = WIDTH / max(len(days), 1)
    bars = []
    for number, day in enumerate(days):
        height = 0.0
        for kind in kinds:
            count = counts.get(day, {}).get(kind, 0)
            if count:
                size = count / top * HEIGHT
                y = HEIGHT - height - size
                bars.append(
                    Bar(
                        kind,
                        x=_text(number * step + step * 0.1),
                        y=_text(y),
                        width=_text(step * 0.8),
                        height=_text(size),
                        title=f"{day:%a %d %b}: {count} {kind}",
                    )
                )
                height += size
    grid = tuple(
        Line(_text(HEIGHT - HEIGHT * part / GRID_LINES), f"{top * part // GRID_LINES}")
        for part in range(GRID_LINES + 1)
    )
    return BarChart(tuple(bars), grid, _ticks(days))


@dataclass(frozen=True)
class Span:
    """A value, 0 to 1 or None, from one day to another, both included; ``label`` at its start."""

    first: date
    last: date
    value: float | None
    label: str


def line_chart(
    days: Sequence[date], values: Mapping[date, float | None], spans: Sequence[Span]
) -> LineChart:
    """A proportion, 0 to 1: a dot for each day, a level for each span, a mark where it starts."""
    places = {day: number for number, day in enumerate(days)}
    dots = [
        (
            _text(_middle(places[day], len(days))),
            _text(HEIGHT * (1 - value)),
            f"{day:%a %d %b}: {value:.0%}",
        )
        for day, value in values.items()
        if value is not None and day in places
    ]
    step = WIDTH / max(len(days), 1)
    levels = [
        (
            _text(places[span.first] * step),
            _text((places[span.last] + 1) * step),
            _text(HEIGHT * (1 - span.value)),
            f"{span.label}: {span.value:.0%}",
        )
        for span in spans
        if span.value is not None
    ]
    marks = [Line(_text(places[span.first] * step), span.label) for span in spans]
    grid = [
        Line(_text(HEIGHT * (1 - part / GRID_LINES)), f"{100 * part // GRID_LINES} %")
        for part in range(GRID_LINES + 1)
    ]
    return LineChart(tuple(levels), tuple(dots), tuple(marks), tuple(grid), _ticks(days))


def sparkline(values: Sequence[float]) -> str:
    """Points of a polyline, from the lowest value 0 to the highest."""
    top = max(values, default=0) or 1
    step = SPARK_WIDTH / max(len(values) - 1, 1)
    return " ".join(
        f"{_text(number * step)},{_text((SPARK_HEIGHT - 2) * (1 - value / top) + 1)}"
        for number, value in enumerate(values)
    )


def _middle(number: int, count: int) -> float:
    return (number + 0.5) * WIDTH / max(count, 1)


def _ticks(days: Sequence[date]) -> tuple[Line, ...]:
    every = math.ceil(len(days) / TICKS) or 1
    return tuple(
        Line(_text(_middle(number, len(days))), f"{day:%d %b}")
        for number, day in enumerate(days)
        if number % every == 0
    )


def _round_up(value: int) -> int:
    """A multiple of the number of grid lines, at least that."""
    step = int(10 ** max(len(str(value)) - 2, 0))
    unit = GRID_LINES * step
    return max(unit, math.ceil(value / unit) * unit)


def _text(value: float) -> str:
    return f"{value:.1f}"
