"""Why the agent spoke or did not: a closed set of words, for the path, the metrics and the log.

Pure: standard library only.
"""

from __future__ import annotations

from enum import StrEnum


class AgentReason(StrEnum):
    ANSWERED = "answered"
    NOT_CONFIGURED = "not_configured"
    NOTHING_FOUND = "nothing_found"
    """The model says that no FAQ answers."""
    ASKED_BACK = "asked_back"
    """The model cannot tell which of several FAQs is meant."""
    REWRITTEN = "rewritten"
    """The question, rewritten against the conversation, is one an FAQ answers."""
    NOT_GROUNDED = "not_grounded"
    """The model spoke, but not from what it was given; the grounding step says more."""

    BUSY = "busy"
    RESTING = "resting"
    """The circuit breaker is open: the model failed several times running."""
    OVER_BUDGET = "over_budget"
    """The runs or tokens of the day are spent."""
    CLOSED = "closed"
    """Whoever asked has gone."""

    TIMED_OUT = "timed_out"
    TOO_MANY_REQUESTS = "too_many_requests"
    TOO_LONG = "too_long"
    KEY_REFUSED = "key_refused"
    RATE_LIMITED = "rate_limited"
    REQUEST_REFUSED = "request_refused"
    PROVIDER_ERROR = "provider_error"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"
    NO_TEXT = "no_text"
    MISCONFIGURED = "misconfigured"
    FAILED = "failed"


SUCCESSES = frozenset(
    {
        AgentReason.ANSWERED,
        AgentReason.NOT_CONFIGURED,
        AgentReason.NOTHING_FOUND,
        AgentReason.ASKED_BACK,
        AgentReason.REWRITTEN,
        AgentReason.NOT_GROUNDED,
    }
)
"""The agent did its work, whatever came of it."""

REJECTED = frozenset(
    {AgentReason.BUSY, AgentReason.RESTING, AgentReason.OVER_BUDGET, AgentReason.CLOSED}
)
"""No fault of the model."""

OVERRAN = frozenset({AgentReason.TOO_MANY_REQUESTS, AgentReason.TOO_LONG})
"""The model works, but does not come to an end: this says nothing about the next question."""

TRIPS_BREAKER = frozenset(AgentReason) - SUCCESSES - REJECTED - OVERRAN
"""What the circuit breaker counts."""
