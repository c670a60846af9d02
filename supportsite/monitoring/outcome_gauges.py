"""The figures of the last 28 days for Prometheus: counts, from which a dashboard draws rates."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from threading import Lock
from typing import Any

from cachetools import TTLCache, cached
from django.db import DatabaseError, InterfaceError
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from assistant.outcomes import figures
from assistant.outcomes.needs import OPEN, End
from assistant.outcomes.selection import DAYS, Selection

SECONDS = 60.0
"""How long a process shows the same numbers."""

log = logging.getLogger("supportsite.monitoring.outcome_gauges")


class OutcomesCollector(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from _families()
        except (DatabaseError, InterfaceError) as failure:
            log.warning("outcomes could not be read: %s", " ".join(str(failure).split()))

    def describe(self) -> list[GaugeMetricFamily]:
        """Empty, so that registering the collector reads nothing."""
        return []


_cache: TTLCache[Any, list[GaugeMetricFamily]] = TTLCache(1, SECONDS)


@cached(_cache, lock=Lock())
def _families() -> list[GaugeMetricFamily]:
    selection = Selection.latest(DAYS)
    ends = figures.need_counts(selection).ends
    coverage = figures.coverage(selection).total
    needs = {**{end.value: ends.closed.get(end, 0) for end in End}, OPEN: ends.open}
    deflection, precision = ends.rates["deflection"], figures.precision(selection)
    return [
        _family("assistant_needs", "Needs of the last 28 days, by end; open: not closed.", needs),
        _family(
            "assistant_needs_offered",
            "Closed needs whose person could have opened a ticket, resolved without one or not.",
            {"deflected": deflection.count, "other": deflection.total - deflection.count},
        ),
        _family(
            "assistant_asks_in_scope",
            "Asks of the last 28 days that an FAQ could answer.",
            {"answered": coverage.count, "other": coverage.total - coverage.count},
        ),
        _family(
            "assistant_answers_judged",
            "Judged answers of the weekly samples.",
            {"right": precision.count, "other": precision.total - precision.count},
        ),
    ]


def _family(name: str, meaning: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=["end"])
    for label, value in values.items():
        family.add_metric([label], float(value))
    return family


def clear_cache() -> None:
    """For tests: read the figures again at the next scrape."""
    _cache.clear()
