"""Earlier turns of a conversation, for the agent only.

A conversation belongs to its user: both ids are needed to read it, so that a guessed conversation
id of another user returns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from assistant.interfaces import Turn
from assistant.models import ConversationTurn
from audit.people.pseudonyms import stored_name
from audit.privacy.redaction import redact


@dataclass(frozen=True)
class Conversations:
    """At most the last ``turns`` are read, and none older than ``days``."""

    turns: int
    days: int
    region: str
    """The country of phone numbers without a calling code; see ``redact``."""

    def last(self, user_id: str, conversation_id: str) -> tuple[Turn, ...]:
        """The last turns, oldest first."""
        rows = ConversationTurn.objects.filter(
            user_id=stored_name(user_id), conversation_id=conversation_id, asked__gte=self._oldest()
        ).order_by("-pk")[: self.turns]
        return tuple(Turn(row.question, row.answer, tuple(row.faq_ids)) for row in reversed(rows))

    def add(self, user_id: str, conversation_id: str, turn: Turn) -> None:
        """Store one turn, redacted."""
        ConversationTurn.objects.create(
            user_id=stored_name(user_id),
            conversation_id=conversation_id,
            question=redact(turn.question, region=self.region),
            answer=redact(turn.answer, region=self.region),
            faq_ids=list(turn.faq_ids),
        )

    def delete_old(self) -> int:
        """Delete turns older than ``days``; returns their number."""
        return ConversationTurn.objects.filter(asked__lt=self._oldest()).delete()[0]

    def _oldest(self) -> datetime:
        return timezone.now() - timedelta(days=self.days)
