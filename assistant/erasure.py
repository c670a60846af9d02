"""Delete a person's conversations, and the comments of their feedback."""

from __future__ import annotations

from assistant.models import ConversationTurn, Feedback
from audit.people.erasure import Person


def erase(person: Person) -> dict[str, int]:
    """Labels stay, because they are not linked to a person; ratings stay without a name."""
    deleted, _ = ConversationTurn.objects.filter(user_id__in=person.names).delete()
    return {
        ConversationTurn._meta.db_table: deleted,
        Feedback._meta.db_table: Feedback.objects.erase(person),
    }
