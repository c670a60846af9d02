"""How much the agent may take. Pure: standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of one run, unless stated otherwise. All of them are ours to enforce; no vendor does."""

    seconds: float = 10.0
    """Wall clock, from the first request to the last check."""
    requests: int = 3
    """To the model."""
    tool_calls: int = 3
    output_tokens: int = 500
    """Of one reply of the model."""
    runs_at_once: int = 2
    """Of one process; the next one falls back at once. Below the threads that serve requests."""
    runs_a_day: int = 2_000
    """Of the whole site, by UTC days."""
    tokens_a_day: int = 2_000_000
    """Of the whole site, in and out; the run that reaches it is let finish."""
    failures: int = 3
    """In a row, of one process, after which the model is left alone."""
    rest_seconds: float = 30.0
    """For how long; then one run tries."""

    @property
    def longest_reply(self) -> int:
        """Characters a reply of the model may have: no language needs more for a token."""
        return self.output_tokens * 12
