"""Forget what a person said in conversations."""

from __future__ import annotations

from assistant.models import ConversationTurn
from audit.people.erasure import Person


def erase(person: Person) -> dict[str, int]:
    """Labels picked when asked back bear no name: nobody can tell whose they were."""
    deleted, _ = ConversationTurn.objects.filter(user_id__in=person.names).delete()
    return {ConversationTurn._meta.db_table: deleted}
