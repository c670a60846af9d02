"""The list of tickets: queues, their counts, and the search."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.http import QueryDict
from django.utils import timezone

from audit.people.pseudonyms import stored_name
from tickets.models import Comment, Ticket, TicketQuerySet
from tickets.queues import LATEST_FIRST, ORDER

PAGE_SIZE = 50
MAX_SEARCH_LENGTH = 200
MAX_TICKET_NUMBER = 2**63 - 1
"""The largest value of a BigAutoField."""

TITLES = {
    "unassigned": "Unassigned",
    "mine": "Mine",
    "waiting": "Waiting",
    "overdue": "Overdue",
    "resolved": "Resolved",
    "all": "All unresolved",
}

EMPTY = {
    "unassigned": "Every ticket is assigned.",
    "mine": "You have no tickets. Claim one from Unassigned.",
    "waiting": "No ticket waits for a customer.",
    "overdue": "No ticket is overdue.",
    "resolved": "No ticket is resolved.",
    "all": "Every ticket is resolved.",
}
"""The text of an empty queue."""

NO_MATCH = "No ticket matches. Try fewer words, a ticket number or a user id."
"""The text of a search without a result."""


def conditions(username: str) -> dict[str, Q]:
    """Which tickets are in each queue, by its name."""
    status = Ticket.Status
    own = Q(assignee=stored_name(username))
    return {
        "unassigned": Q(status=status.OPEN),
        "mine": own & Q(status__in=(status.CLAIMED, status.WAITING)),
        "waiting": Q(status=status.WAITING),
        "overdue": Q(status__in=(status.OPEN, status.CLAIMED), due__lt=timezone.now()),
        "resolved": Q(status=status.RESOLVED),
        "all": Q(status__in=(status.OPEN, status.CLAIMED, status.WAITING)),
    }


def counts(username: str) -> dict[str, int]:
    """How many tickets are in each queue, by its name."""
    aggregates = {name: Count("pk", filter=q) for name, q in conditions(username).items()}
    # The default ordering would become part of GROUP BY.
    counts_by_queue: dict[str, int] = Ticket.objects.order_by().aggregate(**aggregates)
    return counts_by_queue


@dataclass(frozen=True)
class Selection:
    """The tickets that a page lists: a queue, or the results of a search in all tickets."""

    queue: str = "unassigned"
    search: str = ""
    page: int = 1

    @classmethod
    def from_query(cls, parameters: QueryDict) -> Selection:
        """From the URL's parameters; unknown values become the defaults."""
        queue, page = parameters.get("queue", ""), parameters.get("page", "")
        return cls(
            queue=queue if queue in TITLES else "unassigned",
            search=parameters.get("q", "").strip()[:MAX_SEARCH_LENGTH],
            page=int(page) if page.isascii() and page.isdecimal() and 0 < int(page) < 10_000 else 1,
        )

    def query(self, **changes: object) -> str:
        """The query string for a URL of the inbox: ``?queue=mine&page=2``."""
        parameters = {"queue": self.queue, "q": self.search, "page": self.page, **changes}
        return "?" + urlencode(
            {name: value for name, value in parameters.items() if value not in ("", 1)}
        )

    @property
    def empty_text(self) -> str:
        return NO_MATCH if self.search else EMPTY[self.queue]

    @property
    def same_page(self) -> str:
        return self.query()

    @property
    def next_page(self) -> str:
        return self.query(page=self.page + 1)

    @property
    def previous_page(self) -> str:
        return self.query(page=self.page - 1)

    def tickets(self, username: str) -> TicketQuerySet:
        """Ordered by due time; resolved ones by when they were resolved, latest first."""
        if self.search:
            return search_tickets(self.search).order_by(*ORDER)
        in_queue: TicketQuerySet = Ticket.objects.filter(conditions(username)[self.queue])
        return in_queue.order_by(*(LATEST_FIRST if self.queue == "resolved" else ORDER))

    def rows(self, username: str) -> tuple[list[Ticket], bool]:
        """One page of tickets, and whether there are more.

        Each has ``last_from_desk``: who wrote the last public comment; None if there is none.
        """
        last = Comment.objects.public().filter(ticket=OuterRef("pk")).order_by("-id")
        tickets = self.tickets(username).annotate(
            last_from_desk=Subquery(last.values("from_desk")[:1])
        )
        first = (self.page - 1) * PAGE_SIZE
        rows = list(tickets[first : first + PAGE_SIZE + 1])
        return rows[:PAGE_SIZE], len(rows) > PAGE_SIZE

    def next_ticket(self, ticket: Ticket, username: str) -> int | None:
        """The number of the ticket after ``ticket``, or of the first; None if there is no other."""
        numbers = list(self.tickets(username).values_list("pk", flat=True))
        if ticket.pk in numbers:
            index = numbers.index(ticket.pk)
            numbers = numbers[index + 1 :] + numbers[:index]
        return numbers[0] if numbers else None


def search_tickets(search: str) -> TicketQuerySet:
    """Tickets that match every word: in a masked text, as their number or as a person's name."""
    tickets: TicketQuerySet = Ticket.objects.all()
    for word in search.split():
        in_comments = Comment.objects.filter(ticket=OuterRef("pk"), text__icontains=word)
        matches = Q(message__icontains=word) | Q(Exists(in_comments))
        # A name that is an address is stored as a pseudonym.
        matches |= Q(requester__icontains=word) | Q(requester=stored_name(word))
        matches |= Q(assignee__icontains=word)
        number = word.removeprefix("#")
        if number.isascii() and number.isdecimal() and int(number) <= MAX_TICKET_NUMBER:
            matches |= Q(pk=int(number))
        tickets = tickets.filter(matches)
    return tickets
