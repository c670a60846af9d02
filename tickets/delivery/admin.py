"""The delivery log in the admin, and sending a delivery again."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from audit import local_time
from audit.admin import ReadOnlyAdmin
from tickets.delivery.outbox import Delivery


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        *("shown_event", "ticket_number", "kind", "address", "shown_status"),
        *("tries", "next_try", "created"),
    )
    list_filter = ("status", "kind", "event", "webhook", "created")
    search_fields = ("=ticket__id", "address", "=id")
    search_help_text = "Ticket number, address or delivery id"
    list_per_page = 50
    list_select_related = ()
    list_before_template = "tickets/queues.html"
    fields = (
        *("id", "shown_event", "ticket_number", "kind", "address", "shown_status"),
        *("tries", "next_try", "created", "delivered", "log", "shown_payload"),
    )
    actions = ("resend_selected",)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        status = request.GET.get("status__exact")
        views = [("All", None), ("Pending", "pending"), ("Dead letters", "dead")]
        queues = [
            {
                "title": title,
                "count": Delivery.objects.filter(status=value).count() if value else None,
                "link": f"?status__exact={value}" if value else "?",
                "open": status == value,
            }
            for title, value in views
        ]
        return super().changelist_view(request, {"queues": queues, **(extra_context or {})})

    @admin.display(description="Event", ordering="event")
    def shown_event(self, delivery: Delivery) -> str:
        event = delivery.event.replace("_", " ")
        return f"Ticket {event}" if delivery.ticket_id else event.capitalize()

    @admin.display(description="Ticket", ordering="ticket")
    def ticket_number(self, delivery: Delivery) -> SafeString | str:
        if delivery.ticket_id is None:
            return ""
        link = reverse("admin:tickets_ticket_change", args=[delivery.ticket_id])
        return format_html('<a href="{}">#{}</a>', link, delivery.ticket_id)

    @display(
        description="Status",
        ordering="status",
        label={"pending": "warning", "delivered": "success", "dead": "danger"},
    )
    def shown_status(self, delivery: Delivery) -> str:
        return delivery.status

    @admin.display(description="Log")
    def log(self, delivery: Delivery) -> SafeString:
        lines = (
            (local_time.format_local(attempt.at, seconds=True), attempt.result, attempt.ms)
            for attempt in delivery.attempts.all()
        )
        items = format_html_join("", "<li><small>{}</small> {} ({} ms)</li>", lines)
        return format_html('<ol class="desk-history">{}</ol>', items)

    @admin.display(description="Content")
    def shown_payload(self, delivery: Delivery) -> SafeString:
        text = json.dumps(delivery.payload, indent=2, ensure_ascii=False)
        return format_html('<pre class="desk-data">{}</pre>', text)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_delivery")

    @admin.action(description="Send selected deliveries again", permissions=["resend"])
    def resend_selected(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        results = [delivery.resend(by=request.user.get_username()) for delivery in deliveries]
        message = f"{sum(results)} queued to be sent again."
        self.message_user(request, message, messages.SUCCESS)
        if not all(results):
            message = f"{results.count(False)} not queued: they are already pending."
            self.message_user(request, message, messages.WARNING)
