"""What was said before in a conversation, for the agent alone.

A conversation belongs to its user: it is found by both ids, so that whoever guesses another's finds
nothing, and cannot tell whether there is anything.
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
    """``turns`` are read at most; none is read that is older than ``days``."""

    turns: int
    days: int
    region: str
    """Where a phone number without a calling code is dialled; see ``redact``."""

    def last(self, user_id: str, conversation_id: str) -> tuple[Turn, ...]:
        """The last turns, oldest first."""
        rows = ConversationTurn.objects.filter(
            user_id=stored_name(user_id), conversation_id=conversation_id, asked__gte=self._oldest()
        ).order_by("-pk")[: self.turns]
        return tuple(Turn(row.question, row.answer, tuple(row.faq_ids)) for row in reversed(rows))

    def add(self, user_id: str, conversation_id: str, turn: Turn) -> None:
        """Keep one turn, redacted: the FAQs' answers as well as the agent's."""
        ConversationTurn.objects.create(
            user_id=stored_name(user_id),
            conversation_id=conversation_id,
            question=redact(turn.question, region=self.region),
            answer=redact(turn.answer, region=self.region),
            faq_ids=list(turn.faq_ids),
        )

    def delete_old(self) -> int:
        """Delete what is too old to be read; returns how many turns that were."""
        return ConversationTurn.objects.filter(asked__lt=self._oldest()).delete()[0]

    def _oldest(self) -> datetime:
        return timezone.now() - timedelta(days=self.days)
