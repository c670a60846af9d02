"""The agent's daily budget and usage, counted in Postgres and shared by all workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from assistant.agent.limits import Limits
from assistant.agent.run import Usage
from assistant.models import AgentDay


def begin_run(limits: Limits) -> bool:
    """Count one run; False, without counting, if the day's runs or tokens are used up.

    A single UPDATE checks and counts, so that two workers cannot use the same last run. Days: UTC.
    """
    today = timezone.now().date()
    within = AgentDay.objects.filter(
        day=today, runs__lt=limits.runs_a_day, tokens__lt=limits.tokens_a_day
    )
    if within.update(runs=F("runs") + 1):
        return True
    # The first run of a day has no row yet.
    AgentDay.objects.bulk_create([AgentDay(day=today)], ignore_conflicts=True)
    return bool(within.update(runs=F("runs") + 1))


def add_usage(usage: Usage) -> None:
    """Count the requests and tokens of a finished run."""
    if usage.requests:
        AgentDay.objects.filter(day=timezone.now().date()).update(
            requests=F("requests") + usage.requests,
            tokens=F("tokens") + usage.tokens,
            output_tokens=F("output_tokens") + usage.output_tokens,
        )


@dataclass(frozen=True)
class PeriodUsage:
    """What the agent used in some days (UTC). ``cost``: None without AGENT_PRICE."""

    runs: int
    requests: int
    input_tokens: int
    output_tokens: int
    cost: float | None


def usage_between(first: date, last: date) -> PeriodUsage:
    """The usage from ``first`` to ``last``, both included."""
    names = ("runs", "requests", "tokens", "output_tokens")
    total = AgentDay.objects.filter(day__range=(first, last)).aggregate(
        **{name: Coalesce(Sum(name), 0) for name in names}
    )
    output = total["output_tokens"]
    input_tokens = total["tokens"] - output
    price = settings.AGENT_PRICE
    cost = price.cost(input_tokens, output) if price else None
    return PeriodUsage(total["runs"], total["requests"], input_tokens, output, cost)
