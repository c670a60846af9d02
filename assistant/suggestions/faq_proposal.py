"""FAQs proposed from several resolved tickets. The rows hold ids; the texts stay in the tickets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Count, Max

from assistant.suggestions.dismissable import Dismissable
from assistant.suggestions.suggestion import NotAcceptable
from audit.people.pseudonyms import Pseudonym
from tickets.faq_lookup import knowledge_base
from tickets.models import Ticket

MIN_PEOPLE = 2
"""Who asked nearly the same and got nearly the same reply."""


class FaqProposalQuerySet(models.QuerySet["FaqProposal"]):
    def ranked(self) -> FaqProposalQuerySet:
        """With ``tickets`` and ``people``; those of most people first, the newest breaks ties."""
        counts: dict[str, Any] = {
            "tickets": Count("sources"),
            "people": Count("sources__ticket__requester", distinct=True),
            "last": Max("sources__at"),
        }
        counted: Any = self.annotate(**counts)
        ranked: FaqProposalQuerySet = counted.order_by("-people", "-last", "-pk")
        return ranked


class FaqProposal(Dismissable):
    """Resolved tickets with nearly the same question: an FAQ, or replies that contradict."""

    kind = "faq_proposal"

    class Status(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        DISMISSED = "dismissed"

    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN)
    question_of = models.ForeignKey(
        Ticket, models.SET_NULL, null=True, related_name="+", help_text="The most central question."
    )
    answer_of = models.ForeignKey(
        Ticket, models.SET_NULL, null=True, related_name="+", help_text="The most central reply."
    )
    contradicted_by = models.ForeignKey(
        Ticket,
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text="A ticket whose reply says the opposite; then there is no draft.",
    )
    faq_id = models.CharField(max_length=100, blank=True, help_text="The FAQ drafted from it.")
    created = models.DateTimeField(auto_now_add=True)

    # Set by ``ranked``.
    tickets: int
    people: int

    objects = FaqProposalQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "proposed FAQ"

    def __str__(self) -> str:
        return f"Proposed FAQ {self.pk}"

    def accept(self, question: str, answer: str, *, alternates: Sequence[str], by: str) -> str:
        """Make a draft with the tickets as its sources; returns its faq_id.

        Raises ``NotAcceptable`` and ``tickets.faq_lookup.ProposalError``; then nothing changed.
        """
        with transaction.atomic():
            self._lock()
            if self.status != self.Status.OPEN:
                raise NotAcceptable(f"This proposal is {self.status} already.")
            if self.contradicted_by_id is not None or not (question and answer):
                raise NotAcceptable("The replies contradict each other, or were erased.")
            tickets = [source.ticket for source in self.sources.select_related("ticket")]
            faq_id = knowledge_base().propose(
                *(question, answer),
                faq_id="",
                category=_category(tickets),
                alternates=alternates,
                by=by,
            )
            for ticket in tickets:
                ticket.drafted(faq_id, by=by)
            data = {"faq_id": faq_id, "tickets": [ticket.pk for ticket in tickets]}
            self._change("accepted", by, data, status=self.Status.ACCEPTED, faq_id=faq_id)
        return faq_id

    def count_people(self) -> int:
        return self.sources.values("ticket__requester").distinct().count()


def _category(tickets: Sequence[Ticket]) -> str:
    """That of all tickets, or empty."""
    categories = {ticket.category for ticket in tickets}
    return categories.pop() if len(categories) == 1 else ""


class ResolvedTicketQuerySet(models.QuerySet["ResolvedTicket"]):
    def unread(self) -> ResolvedTicketQuerySet:
        """Resolved since they were last grouped."""
        return self.filter(embedder="")


class ResolvedTicket(models.Model):
    """A resolved ticket, with the vectors of its question and its reply."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True, help_text="When it was resolved.")
    person = Pseudonym(db_column="person", help_text="The owner of the key.")
    embedder = models.CharField(max_length=300, blank=True, help_text="Empty: it is new.")
    encrypted = models.BinaryField(
        default=b"", help_text="Two vectors, float16; empty: it has no question or no reply."
    )
    proposal = models.ForeignKey(FaqProposal, models.SET_NULL, null=True, related_name="sources")

    objects = ResolvedTicketQuerySet.as_manager()

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"Ticket {self.ticket_id}"
