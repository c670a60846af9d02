"""The agent's daily budget, counted in Postgres and shared by all workers."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from assistant.agent.limits import Limits
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


def add_tokens(tokens: int) -> None:
    """Count the tokens of a finished run."""
    if tokens:
        AgentDay.objects.filter(day=timezone.now().date()).update(tokens=F("tokens") + tokens)
