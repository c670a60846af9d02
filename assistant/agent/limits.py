"""Limits of the agent. Pure: standard library only."""

from __future__ import annotations

from dataclasses import dataclass, replace

RANGES = {
    "seconds": (1, 50),
    "requests": (1, 20),
    "tool_calls": (0, 20),
    "output_tokens": (16, 8_000),
    "runs_at_once": (1, 256),
    "runs_a_day": (0, 10**9),
    "tokens_a_day": (0, 10**12),
    "failures": (1, 1_000),
    "rest_seconds": (1, 86_400),
}
"""Least and greatest value of each. gunicorn kills a worker after 60 seconds."""


@dataclass(frozen=True)
class Limits:
    """Limits of one run, unless stated otherwise. We enforce all of them; no vendor does."""

    seconds: float = 10.0
    """Wall-clock time, from the first request to the last check."""
    requests: int = 3
    """Requests to the model."""
    tool_calls: int = 3
    output_tokens: int = 500
    """Tokens of one reply of the model."""
    runs_at_once: int = 2
    """Concurrent runs of one process; further runs are refused. Fewer than its request threads."""
    runs_a_day: int = 2_000
    """Runs of the whole site per UTC day."""
    tokens_a_day: int = 2_000_000
    """Input and output tokens of the whole site per UTC day; the run that reaches it may finish."""
    failures: int = 3
    """Consecutive failures of one process that open the circuit breaker."""
    rest_seconds: float = 30.0
    """How long the breaker stays open before it allows one run."""

    @property
    def longest_reply(self) -> int:
        """Characters a reply may have: in no language has a token more than 12."""
        return self.output_tokens * 12


def parse(text: str, *, runs_at_once: int) -> Limits:
    """Limits from text such as "seconds=5 requests=2"; the others have their defaults.

    Raises ``ValueError`` that gives the valid names and ranges.
    """
    limits = Limits(runs_at_once=runs_at_once)
    for part in text.split():
        name, _, value = part.partition("=")
        if name not in RANGES:
            raise ValueError(f"name=number, names from {', '.join(RANGES)}, not {part!r}")
        least, most = RANGES[name]
        if not (value.isascii() and value.isdecimal() and least <= int(value[:20]) <= most):
            raise ValueError(f"{name}={least} to {name}={most}, not {part!r}")
        limits = replace(limits, **{name: int(value)})
    return limits
