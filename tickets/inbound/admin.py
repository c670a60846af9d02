"""Mails at the desk: which are parked, why, and what to do about each."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from audit.admin import ReadOnlyAdmin
from tickets.inbound import parsing, receiving
from tickets.inbound.inbound_mail import InboundMail
from tickets.inbound.mailbox_state import MailboxState
from tickets.inbound.parsing import ParsedMail, UnreadableMail

Status, Reason = InboundMail.Status, InboundMail.Reason

WHAT_TO_DO = {
    Reason.AUTOMATIC: "Read it. If a person needs an answer, open a ticket from it; else dismiss.",
    Reason.OWN_ADDRESS: "Somebody wrote from an address of this site. Read it, then dismiss it.",
    Reason.TOO_LARGE: "Open it with a mail program: it is in the mailbox, marked as read.",
    Reason.UNREADABLE: "Open it with a mail program that shows the source; it may be hostile.",
    Reason.CLOSED: "Reopen the ticket that it answers if it matters; else dismiss it.",
    Reason.EMPTY: "Ask the sender what they need, or dismiss it.",
    Reason.PERSONAL_DATA: "Open it with a mail program, or allow personal data in REDACTION.",
    Reason.INTERRUPTED: "Find its number in the worker's log, then open a ticket from it.",
}
"""By the reason for which a mail is parked."""


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnlyAdmin):
    list_display = (
        *("shown_number", "shown_status", "shown_reason", "sender", "is_verified", "ticket_number"),
        *("source", "received"),
    )
    list_filter = ("status", "reason", "source", "received")
    search_fields = ("=id", "=ticket__id", "sender")
    search_help_text = "Mail number, ticket number or user id"
    list_per_page = 50
    list_before_template = "tickets/inbound/before.html"
    fields = (
        *("shown_number", "shown_status", "shown_reason", "detail"),
        *("sender", "shown_verified", "ticket_number", "ask_id", "source", "shown_size"),
        *("received", "shown_content"),
    )
    change_form_outer_before_template = "tickets/inbound/actions.html"
    actions = ("open_tickets", "dismiss_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundMail]:
        mails: QuerySet[InboundMail] = super().get_queryset(request)
        return mails.defer("raw", "reference")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        status = request.GET.get("status__exact")
        parked = InboundMail.objects.parked().count()
        views = [("All", None, None), ("Parked", Status.PARKED, parked)]
        queues = [
            {
                "title": title,
                "count": count,
                "link": f"?status__exact={value}" if value else "?",
                "open": status == value,
            }
            for title, value, count in views
        ]
        context = {
            "queues": queues,
            "mailbox": MailboxState.objects.filter(pk=1).first() if settings.MAILBOX else None,
            "has_mailbox": settings.MAILBOX is not None,
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        mail = self.get_object(request, object_id)
        if mail and mail.raw and self.has_view_permission(request, mail):
            mail.record_view(by=request.user.get_username())
        context = dict(extra_context or {})
        if mail and mail.status == Status.PARKED:
            context["what_to_do"] = WHAT_TO_DO[Reason(mail.reason)]
            context["may_act"] = self.has_receive_permission(request)
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description="Mail", ordering="id")
    def shown_number(self, mail: InboundMail) -> str:
        return f"Mail {mail.pk}"

    @display(
        description="Status",
        ordering="status",
        label={"Parked": "warning", "Not read yet": "info", "Opened a ticket": "success"},
    )
    def shown_status(self, mail: InboundMail) -> str:
        return mail.get_status_display()

    @admin.display(description="Reason", ordering="reason")
    def shown_reason(self, mail: InboundMail) -> str:
        return mail.get_reason_display()

    @admin.display(description="Address verified")
    def shown_verified(self, mail: InboundMail) -> str:
        return "Yes, by our mail server (dmarc=pass)" if mail.is_verified else "No"

    @admin.display(description="Size")
    def shown_size(self, mail: InboundMail) -> str:
        return filesizeformat(mail.size)

    @admin.display(description="Ticket", ordering="ticket")
    def ticket_number(self, mail: InboundMail) -> SafeString | str:
        if mail.ticket_id is None:
            return ""
        link = reverse("tickets_inbox_ticket", args=[mail.ticket_id])
        return format_html('<a href="{}">#{}</a>', link, mail.ticket_id)

    @admin.display(description="Content")
    def shown_content(self, mail: InboundMail) -> SafeString | str:
        """The text, never as HTML: it may be hostile."""
        parsed = _parsed(mail)
        if parsed is None:
            return "Not here: it is in its ticket, cannot be read, or was erased."
        head = f"From: {parsed.sender}\nSubject: {parsed.subject}"
        return format_html('<pre class="desk-data" dir="auto">{}\n\n{}</pre>', head, parsed.text)

    # --- Actions ----------------------------------------------------------------------------------

    def has_receive_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_inboundmail")

    @admin.action(description="Open tickets from selected mails", permissions=["receive"])
    def open_tickets(self, request: HttpRequest, mails: QuerySet[InboundMail]) -> None:
        by = request.user.get_username()
        opened = [receiving.open_parked(mail.pk, by=by) for mail in mails]
        if numbers := [f"#{ticket.pk}" for ticket in opened if ticket]:
            self.message_user(request, f"Opened: {', '.join(numbers)}.", messages.SUCCESS)
        if not all(opened):
            message = (
                f"{opened.count(None)} not opened: they cannot be read here, or are not parked."
            )
            self.message_user(request, message, messages.WARNING)

    @admin.action(description="Dismiss selected mails", permissions=["receive"])
    def dismiss_selected(self, request: HttpRequest, mails: QuerySet[InboundMail]) -> None:
        dismissed = [mail.dismiss(by=request.user.get_username()) for mail in mails]
        self.message_user(request, f"{sum(dismissed)} dismissed.", messages.SUCCESS)
        if not all(dismissed):
            message = f"{dismissed.count(False)} not dismissed: they are not parked."
            self.message_user(request, message, messages.WARNING)


def _parsed(mail: InboundMail) -> ParsedMail | None:
    """None if there is no content, or it is malformed."""
    try:
        return parsing.parse(mail.content)
    except UnreadableMail:
        return None
