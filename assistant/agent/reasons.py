"""Why the agent answered or not: a closed set of words for the path, the metrics and the log.

Pure: standard library only.
"""

from __future__ import annotations

from enum import StrEnum


class AgentReason(StrEnum):
    ANSWERED = "answered"
    NOT_CONFIGURED = "not_configured"
    """No model is configured for this."""
    NO_FAQ = "nothing_found"
    """The model replied that no FAQ answers."""
    CLARIFIED = "clarified"
    """The model could not decide between several FAQs."""
    CHOSEN = "chosen"
    """The model chose the option that retrieval has first."""
    DISAGREED = "disagreed"
    """The model chose another option than the first."""
    REWRITTEN = "rewritten"
    """An FAQ answers the question as rewritten from the conversation."""
    NOT_REWRITTEN = "not_rewritten"
    """A follow-up could not be rewritten so that it is understood without the conversation."""
    NO_CITATION = "no_citation"
    """The reply names no FAQ that it rests on."""
    NOT_GROUNDED = "not_grounded"
    """The reply is not supported by the FAQs; the grounding step has the details."""
    IRRELEVANT = "irrelevant"
    """The reply is supported by the FAQs, and is not about the question."""

    BUSY = "busy"
    RESTING = "resting"
    """The circuit breaker is open after consecutive failures."""
    OVER_BUDGET = "over_budget"
    """The day's runs or tokens are used up."""
    CLOSED = "closed"
    """The client disconnected."""

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
        AgentReason.NO_FAQ,
        AgentReason.CLARIFIED,
        AgentReason.CHOSEN,
        AgentReason.DISAGREED,
        AgentReason.REWRITTEN,
        AgentReason.NOT_REWRITTEN,
        AgentReason.NO_CITATION,
        AgentReason.NOT_GROUNDED,
        AgentReason.IRRELEVANT,
    }
)
"""The agent worked as intended, with or without an answer."""

REJECTED = frozenset(
    {AgentReason.BUSY, AgentReason.RESTING, AgentReason.OVER_BUDGET, AgentReason.CLOSED}
)
"""The run was refused or ended without the model's fault."""

OVERRAN = frozenset({AgentReason.TOO_MANY_REQUESTS, AgentReason.TOO_LONG})
"""The model works but exceeded a limit: this says nothing about the next question."""

TRIPS_BREAKER = frozenset(AgentReason) - SUCCESSES - REJECTED - OVERRAN
"""Failures that the circuit breaker counts."""
