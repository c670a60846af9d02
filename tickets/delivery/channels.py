"""Chat and other channels in which customers ask, by a backend: tickets may not import that app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from audit.backends import Backend
from tickets.delivery.result import Result

if TYPE_CHECKING:
    from tickets.comments import Comment
    from tickets.delivery.outbox import Delivery
    from tickets.models import Ticket


class Channels(Protocol):
    def deliveries(self, ticket: Ticket, event: str, comment: Comment | None) -> Sequence[Delivery]:
        """What the event says to the thread that the ticket is from; not saved yet."""
        ...

    def send(self, delivery: Delivery) -> Result:
        """Send a delivery of the kind ``channel``."""
        ...


backend: Backend[Channels] = Backend("tickets.delivery.channels.backend")
"""Another app registers its channels."""
