"""What FAQ health counts from the log, cached until more of the log is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeVar

from django.core.cache import caches
from django.utils import timezone

from assistant.health.faq_asks import PERIOD, FaqAsk, Since
from assistant.health.findings import Counts
from assistant.health.log_reading import CONSUMER
from audit.models import LogPosition

CACHE_SECONDS = 600
"""The counts are of the last 30 and 90 days, which go on without new records too."""

Counted = TypeVar("Counted")


@dataclass(frozen=True)
class Traffic:
    """Of ``PERIOD``: the number of asks near an FAQ, and the ids of these FAQs."""

    asks: int
    near: frozenset[str]


def counts_since(since: Mapping[str, Since]) -> dict[str, Counts]:
    """By FAQ id; FAQs without an ask are left out."""
    return _cached("counts", lambda: FaqAsk.objects.all().counts(since), sorted(since.items()))


def traffic() -> Traffic:
    return _cached("traffic", _traffic)


def _traffic() -> Traffic:
    recent = FaqAsk.objects.filter(at__gte=timezone.now() - PERIOD).order_by()
    return Traffic(recent.count(), frozenset(recent.values_list("faq_id", flat=True).distinct()))


def _cached(name: str, count: Callable[[], Counted], of: object = None) -> Counted:
    """``of``: what is counted; its ``repr`` says all of it."""
    position = LogPosition.objects.filter(pk=CONSUMER).values_list("sequence", flat=True).first()
    parts = repr((name, position, timezone.localdate(), of))
    key = blake2b(parts.encode(), digest_size=16).hexdigest()
    # The memory of this process: the desk works while Redis does not.
    counted: Any = caches["local"].get_or_set(f"assistant.faq_health.{key}", count, CACHE_SECONDS)
    result: Counted = counted
    return result
