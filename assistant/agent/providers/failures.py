"""Classify the failures of a model's server. Imports no vendor: the class names say enough."""

from __future__ import annotations

from assistant.agent.reasons import AgentReason
from assistant.agent.run import Stopped


def reason_of(failure: Exception) -> AgentReason:
    """Classify a provider's failure by status and exception class; its text is never read."""
    if isinstance(failure, Stopped):
        return failure.reason
    classes = _class_names(failure)
    if "TooLarge" in classes:
        return AgentReason.TOO_LONG
    if "Compressed" in classes:
        return AgentReason.UNREADABLE
    cause = failure.__cause__ or failure
    status = getattr(cause, "status_code", None)
    if "Timeout" in classes:
        return AgentReason.TIMED_OUT
    if "Connection" in classes or "Transport" in classes:
        return AgentReason.UNREACHABLE
    if "Authentication" in classes or status in (401, 403):
        return AgentReason.KEY_REFUSED
    if status in (429, 529):
        return AgentReason.RATE_LIMITED
    if isinstance(status, int) and cause is not failure:
        return AgentReason.PROVIDER_ERROR if status >= 500 else AgentReason.REQUEST_REFUSED
    return AgentReason.UNREADABLE


def _class_names(failure: BaseException | None) -> str:
    """The names of the classes of an exception and of its causes."""
    names = []
    while failure:
        names += [cls.__name__ for cls in type(failure).__mro__]
        failure = failure.__cause__
    return " ".join(names)
