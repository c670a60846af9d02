"""Erase a person from tickets. That a ticket existed, and when, stays."""

from __future__ import annotations

from django.db.models import Q

from audit.people.erasure import ERASED, Person
from tickets.models import (
    Attachment,
    Comment,
    Delivery,
    InboundMail,
    ReplyDraft,
    Submission,
    Ticket,
    Webhook,
)


def erase(person: Person) -> dict[str, int]:
    """Erase texts, address and name; return the changed rows by table.

    A person of the desk is replaced as author, assignee and recipient too.
    """
    names = person.names
    own = list(Ticket.objects.filter(requester__in=names).values_list("pk", flat=True))
    tickets = Ticket.objects.filter(pk__in=own)
    submissions = Submission.objects.filter(Q(subject__in=names) | Q(ticket__in=own))
    mails = InboundMail.objects.filter(Q(sender__in=names) | Q(ticket__in=own))
    deliveries = Delivery.objects.filter(Q(ticket__in=own) | Q(inbound__in=mails.values("pk")))
    # Pending notifications would be about them, or to them.
    deliveries.filter(status=Delivery.Status.PENDING).update(status=Delivery.Status.DEAD)
    drafts = ReplyDraft.objects.filter(Q(author__in=names) | Q(ticket__in=own))
    rows = {
        ReplyDraft: drafts.delete()[0],
        Submission: submissions.delete()[0],
        Attachment: Attachment.objects.filter(comment__ticket__in=own).delete()[0],
        Delivery: deliveries.update(payload={}, original=None, next_try=None),
        InboundMail: mails.update(
            sender=person.replacement, person=None, address=None, raw=None, reference=None
        ),
        Comment: Comment.objects.filter(ticket__in=own).update(text=ERASED, original=None),
        Ticket: tickets.update(
            **{"requester": person.replacement, "message": ERASED, "category": "", "tags": []},
            **{"person": None, "address": None, "original": None},
        ),
        Webhook: Webhook.objects.filter(owner__in=names).update(owner=""),
    }
    rows[Comment] += Comment.objects.filter(author__in=names).update(author=person.replacement)
    rows[Ticket] += Ticket.objects.filter(assignee__in=names).update(assignee=person.replacement)
    rows[Delivery] += Delivery.objects.filter(address__in=names).update(address=person.replacement)
    return {model._meta.db_table: count for model, count in rows.items()}
