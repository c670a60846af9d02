"""How much the agent may take. Pure: standard library only."""

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
"""Least and most of each. A worker is given up by gunicorn after 60 seconds."""


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


def parse(text: str, *, runs_at_once: int) -> Limits:
    """Limits from text such as "seconds=5 requests=2"; what is not named stays as it is.

    Raises ``ValueError`` that says how such a text must look.
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
