"""The result of one attempt of a delivery. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Result(NamedTuple):
    succeeded: bool
    text: str
    """The reply, or the error."""
    has_reply: bool | None = None
    """Whether the receiver replied at all; None if it was not asked."""
    wait: int = 0
    """Seconds until the receiver wants the next try (Retry-After)."""
    is_gone: bool = False
    """Whether a webhook's receiver says that it is there no more."""
    is_permanent: bool = False
    """Whether another try would fail as well."""
