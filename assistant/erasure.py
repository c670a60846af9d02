"""Delete a person's conversations."""

from __future__ import annotations

from assistant.models import ConversationTurn
from audit.people.erasure import Person


def erase(person: Person) -> dict[str, int]:
    """Delete the turns; labels stay, because they are not linked to a person."""
    deleted, _ = ConversationTurn.objects.filter(user_id__in=person.names).delete()
    return {ConversationTurn._meta.db_table: deleted}
