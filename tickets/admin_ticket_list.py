"""The list of tickets in the admin: its columns, its queues, and actions on several tickets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from unfold.admin import ModelAdmin
from unfold.decorators import display

from audit import local_time
from audit.models import record
from tickets import queues
from tickets.export import csv_response
from tickets.models import Ticket

LABELS = {"open": "warning", "claimed": "info", "waiting": "primary", "resolved": "success"}
URGENCY = {"urgent": "danger", "high": "warning", "low": "default"}

MOVES: dict[str, tuple[Callable[..., bool], str]] = {
    "_claim": (Ticket.claim, "assigned to you"),
    "_wait": (Ticket.wait, "waiting for the customer"),
    "_resume": (Ticket.resume, "in progress again"),
    "_resolve": (Ticket.resolve, "resolved"),
    "_close": (Ticket.close, "closed"),
    "_reopen": (Ticket.reopen, "reopened"),
}
"""The method that each button of a ticket page calls, and the new state in its message."""


class TicketListAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = (
        *("number", "summary", "requester", "shown_priority", "shown_status"),
        *("assignee", "shown_due", "opened"),
    )
    list_display_links = ("number", "summary")
    list_filter = (queues.Queue, "status", "priority", "category", "assignee", "created")
    search_fields = ("=id", "message", "requester", "assignee")
    search_help_text = "Number, message or person"
    list_per_page = 30
    list_before_template = "tickets/queues.html"
    actions = ("claim_selected", "resolve_selected", "export_selected")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_change_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: Ticket | None = None) -> bool:
        return False

    # --- The queues -----------------------------------------------------------------------------

    def get_ordering(self, request: HttpRequest) -> Sequence[Any]:
        return queues.order(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"queues": queues.navigation(request), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @admin.display(description="Ticket")
    def number(self, ticket: Ticket) -> str:
        return f"#{ticket.pk}"

    @admin.display(description="Message")
    def summary(self, ticket: Ticket) -> SafeString:
        message = ticket.message
        short = message if len(message) <= 80 else message[:79] + "…"
        return format_html('<span dir="auto" class="desk-short">{}</span>', short)

    @display(description="Status", ordering="status", label=LABELS)
    def shown_status(self, ticket: Ticket) -> str:
        return ticket.status

    @display(description="Priority", ordering="priority", label=URGENCY)
    def shown_priority(self, ticket: Ticket) -> str:
        return ticket.priority

    @admin.display(description="Due", ordering="due")
    def shown_due(self, ticket: Ticket) -> SafeString | str:
        if ticket.due is None or ticket.status in (Ticket.Status.RESOLVED, Ticket.Status.CLOSED):
            return ""
        late = ticket.due < timezone.now()
        words = f"{timesince(ticket.due)} ago" if late else f"in {timeuntil(ticket.due)}"
        return format_html(
            '<time class="{}" datetime="{}" title="{}">{}</time>',
            "desk-late" if ticket.is_overdue else "",
            *(ticket.due.isoformat(timespec="seconds"), local_time.format_local(ticket.due), words),
        )

    @admin.display(description="Opened", ordering="created")
    def opened(self, ticket: Ticket) -> SafeString:
        exact, since = ticket.created.isoformat(timespec="seconds"), timesince(ticket.created)
        shown = local_time.format_local(ticket.created)
        return format_html('<time datetime="{}" title="{}">{} ago</time>', exact, shown, since)

    # --- Many at once -----------------------------------------------------------------------------

    @admin.action(description="Claim selected tickets", permissions=["change"])
    def claim_selected(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        self._move(request, "_claim", tickets)

    @admin.action(description="Resolve selected tickets", permissions=["change"])
    def resolve_selected(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        self._move(request, "_resolve", tickets)

    @admin.action(description="Export selected tickets as CSV", permissions=["view"])
    def export_selected(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> HttpResponse:
        actor = request.user.get_username()
        record("tickets.exported", actor=actor, data={"count": tickets.count()})
        return csv_response(tickets)  # type: ignore[arg-type,return-value]

    def _move(self, request: HttpRequest, button: str, tickets: Iterable[Ticket]) -> None:
        move, new_state = MOVES[button]
        by = request.user.get_username()
        self._report(request, [(ticket, move(ticket, by=by)) for ticket in tickets], new_state)

    def _report(
        self, request: HttpRequest, results: Iterable[tuple[Ticket, bool]], new_state: str
    ) -> None:
        """``results``: each ticket, and whether its state was changed."""
        numbers = []
        for ticket, is_changed in results:
            if is_changed:
                numbers.append(f"#{ticket.pk}")
                continue
            ticket.refresh_from_db()
            by = f" by {ticket.assignee}" if ticket.assignee else ""
            message = f"A colleague was faster: #{ticket.pk} is {ticket.status}{by}."
            self.message_user(request, message, messages.WARNING)
        if numbers:
            self.message_user(request, f"{', '.join(numbers)}: {new_state}.", messages.SUCCESS)
