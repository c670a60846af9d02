"""The queues of the ticket list in the admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest

from tickets.models import Ticket

ORDER = (
    Case(
        When(status=Ticket.Status.OPEN, then=Value(0)),
        When(status=Ticket.Status.CLAIMED, then=Value(1)),
        When(status=Ticket.Status.WAITING, then=Value(2)),
        default=Value(3),
    ),
    "due",
    "id",
)
"""Unassigned tickets first, each group by due time."""

LATEST_FIRST = ("-updated", "-id")
"""The latest change first."""


class Queue(admin.SimpleListFilter):
    """The queues of ``navigation``, as a filter."""

    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("mine", "Mine"),
            ("unassigned", "Unassigned"),
            ("overdue", "Overdue"),
            ("resolved", "Resolved"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return within(queryset, self.value(), request.user.get_username())


def within(tickets: QuerySet[Any], queue: str | None, username: str) -> QuerySet[Any]:
    """The tickets of a queue; all if it is unknown."""
    members = {
        "mine": Ticket.objects.assigned_to(username),
        "unassigned": Ticket.objects.waiting(),
        "overdue": Ticket.objects.overdue(),
        "resolved": Ticket.objects.filter(status=Ticket.Status.RESOLVED),
    }
    return tickets & members[queue] if queue in members else tickets


def order(request: HttpRequest) -> Sequence[Any]:
    return LATEST_FIRST if request.GET.get("queue") == "resolved" else ORDER


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Title, count, link of each queue, and which one is open."""
    username, parameters = request.user.get_username(), request.GET
    queues = {
        "mine": ("Mine", Ticket.objects.assigned_to(username).count()),
        "unassigned": ("Unassigned", Ticket.objects.waiting().count()),
        "overdue": ("Overdue", Ticket.objects.overdue().count()),
        "resolved": ("Resolved", None),
    }
    entries: list[dict[str, Any]] = [
        {
            "title": title,
            "count": count,
            "link": f"?queue={name}",
            "open": parameters.get("queue") == name,
        }
        for name, (title, count) in queues.items()
    ]
    return [*entries, {"title": "All", "count": None, "link": "?", "open": not parameters}]
