"""Delete a person's conversations, and the comments of their feedback."""

from __future__ import annotations

from assistant.models import ConversationTurn, Feedback, OutcomeSubscription, Thread
from audit.people.erasure import Person


def erase(person: Person) -> dict[str, int]:
    """Threads of channels go with all their messages. Labels stay, because they are not linked to
    a person; ratings stay without a name.

    Outcomes have pseudonyms only, so that they stay too, and counts stay true.
    """
    deleted, _ = ConversationTurn.objects.filter(user_id__in=person.names).delete()
    subscriptions = OutcomeSubscription.objects.filter(user__username__in=person.names)
    return {
        ConversationTurn._meta.db_table: deleted,
        Thread._meta.db_table: Thread.objects.erase(person),
        OutcomeSubscription._meta.db_table: subscriptions.delete()[0],
        Feedback._meta.db_table: Feedback.objects.erase(person),
    }
