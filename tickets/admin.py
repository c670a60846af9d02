"""The queue of tickets for the people of support."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from tickets.models import Ticket
from tickets.views import csv_response


def waiting_badge(request: HttpRequest) -> str:
    """How many tickets wait, for the sidebar."""
    waiting = Ticket.objects.waiting().count()
    return str(waiting) if waiting else ""


@admin.register(Ticket)
class TicketAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("pk", "shown_message", "requester", "shown_status", "assignee", "created")
    list_display_links = ("pk", "shown_message")
    list_filter = ("status", "assignee", "created")
    search_fields = ("message", "requester", "assignee")
    list_per_page = 50
    show_full_result_count = False
    fields = ("message", "requester", "status", "assignee", "ask_id", "created", "updated")
    readonly_fields = fields
    actions = ("claim_selected", "resolve_selected", "export_selected")
    actions_submit_line = ("claim", "resolve")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Ticket | None = None) -> bool:
        return False

    @admin.display(description="Message", ordering="message")
    def shown_message(self, ticket: Ticket) -> str:
        return ticket.message if len(ticket.message) <= 80 else ticket.message[:79] + "…"

    @display(
        description="Status",
        ordering="status",
        label={"open": "warning", "claimed": "info", "resolved": "success"},
    )
    def shown_status(self, ticket: Ticket) -> str:
        return ticket.status

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        # A ticket is moved, not edited: only Claim and Resolve are on offer.
        hidden = ("show_save", "show_save_and_continue", "show_save_and_add_another")
        context = {**dict.fromkeys(hidden, False), **(extra_context or {})}
        response: HttpResponseBase = super().changeform_view(request, object_id, form_url, context)
        return response

    def log_change(self, request: HttpRequest, obj: Ticket, message: Any) -> None:
        """The audit trail tells who moved it."""

    def construct_change_message(self, *args: Any, **kwargs: Any) -> list[Any]:
        return []

    @action(description="Claim", permissions=["claim"], variant=ActionVariant.PRIMARY)
    def claim(self, request: HttpRequest, ticket: Ticket) -> None:
        self._tell(request, ticket, ticket.claim(by=request.user.get_username()))

    @action(description="Resolve", permissions=["resolve"], variant=ActionVariant.SUCCESS)
    def resolve(self, request: HttpRequest, ticket: Ticket) -> None:
        self._tell(request, ticket, ticket.resolve(by=request.user.get_username()))

    def has_claim_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._in(object_id, Ticket.Status.OPEN)

    def has_resolve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._in(object_id, Ticket.Status.OPEN, Ticket.Status.CLAIMED)

    @staticmethod
    def _in(object_id: Any, *states: Ticket.Status) -> bool:
        return Ticket.objects.filter(pk=object_id, status__in=states).exists()

    def _tell(self, request: HttpRequest, ticket: Ticket, moved: bool) -> None:
        if not moved:
            said = f"Ticket {ticket.pk}: a colleague was first."
            self.message_user(request, said, messages.WARNING)

    @admin.action(description="Claim selected tickets")
    def claim_selected(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        for ticket in tickets:
            self.claim(request, ticket)

    @admin.action(description="Resolve selected tickets")
    def resolve_selected(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> None:
        for ticket in tickets:
            self.resolve(request, ticket)

    @admin.action(description="Export selected tickets as CSV")
    def export_selected(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> HttpResponse:
        return csv_response(tickets)  # type: ignore[return-value]
