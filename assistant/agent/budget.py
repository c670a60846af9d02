"""What the agent may spend in a day, counted in Postgres: all workers share one purse."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from assistant.agent.limits import Limits
from assistant.models import AgentDay


def begin_run(limits: Limits) -> bool:
    """Count one run; False, and nothing is counted, if the day's runs or tokens are spent.

    One statement decides and counts, so that no two workers take the last run. Days are UTC's.
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


def add_tokens(tokens: int) -> None:
    """Count what a run used, once it is over."""
    if tokens:
        AgentDay.objects.filter(day=timezone.now().date()).update(tokens=F("tokens") + tokens)
