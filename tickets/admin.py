"""The desk in the admin: the list of tickets, and the page of one ticket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from procrastinate.contrib.django import models as procrastinate

from audit import local_time
from audit.action_labels import change_label
from audit.models import Record
from tickets import admin_service_levels  # noqa: F401 (registers its pages)
from tickets.admin_ticket_list import MOVES, TicketListAdmin
from tickets.delivery import admin as delivery_admin  # noqa: F401 (registers its pages)
from tickets.delivery.webhooks import admin as webhook_admin  # noqa: F401 (registers its pages)
from tickets.faq_lookup import knowledge_base, nearest, search
from tickets.forms import NewTicketForm, TicketForm
from tickets.inbound import admin as inbound_admin  # noqa: F401 (registers its pages)
from tickets.models import Ticket
from tickets.original_ask import find_original_ask

MAX_CANNED = 5
PROPOSE = "faq.propose_faq"
REPLY_MAILED = "Your reply is on its way."
NO_ADDRESS = "The customer has no e-mail address and sees your reply where they asked."

BACK_TO_LIST = ("_resolve", "_close")

# The delivery log shows the same facts in a readable form.
for model in (
    procrastinate.ProcrastinateJob,
    *(procrastinate.ProcrastinateEvent, procrastinate.ProcrastinatePeriodicDefer),
    procrastinate.ProcrastinateWorker,
):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(Ticket)
class TicketAdmin(TicketListAdmin):
    form = TicketForm
    readonly_fields = (
        *("text", "requester", "shown_status", "assignee", "shown_due", "created"),
        *("conversation", "canned", "original_ask", "history", "notifications"),
    )

    class Media:
        js = ("tickets/ticket.js",)
        css = {"all": ("tickets/ticket.css",)}

    # --- One ticket -----------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, **kwargs)
        form = super().get_form(request, obj, **{**kwargs, "form": NewTicketForm})
        form.by = request.user.get_username()
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return self.readonly_fields if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Ticket | None = None) -> Any:
        if obj is None:
            names = ("requester", "email"), "message", ("priority", "category"), "tags", "escalate"
            return ((None, {"fields": names}),)
        may_write = self.has_change_permission(request, obj) and obj.status != Ticket.Status.CLOSED
        write = ("reply", "canned") if may_write else ()
        who = ("requester", "email"), ("shown_status", "assignee"), ("shown_due", "created")
        return (
            (None, {"fields": ("text", "conversation", *write)}),
            ("Ticket", {"fields": (*who, ("priority", "category"), ("tags", "reason"))}),
            ("Decision of the site", {"fields": ("original_ask",)}),
            ("History", {"fields": ("history", "notifications")}),
        )

    @admin.display(description="Question")
    def text(self, ticket: Ticket) -> SafeString:
        return format_html('<div dir="auto" class="desk-text">{}</div>', ticket.full_message)

    @admin.display(description="Conversation")
    def conversation(self, ticket: Ticket) -> SafeString:
        ask = find_original_ask(ticket)
        context = {"comments": ticket.comments.all(), "before": ask.conversation if ask else ()}
        return render_to_string("tickets/conversation.html", context)

    @admin.display(description="Canned replies")
    def canned(self, ticket: Ticket) -> SafeString:
        """The FAQs closest to the question, to insert into the reply."""
        url = reverse("admin:tickets_ticket_canned")
        context = {"faqs": nearest(ticket.message, limit=MAX_CANNED), "url": url}
        return render_to_string("tickets/canned.html", context)

    @admin.display(description="Original question")
    def original_ask(self, ticket: Ticket) -> SafeString:
        """The question that the ticket came from, with the site's decision."""
        ask = find_original_ask(ticket)
        if ask is None:
            return format_html("{}", "This ticket does not come from a question to the site.")
        decision = knowledge_base().decision_html(ask.outcome, ask.answer, ask.decision)
        return render_to_string("tickets/original_ask.html", {"ask": ask, "decision": decision})

    @admin.display(description="Changes")
    def history(self, ticket: Ticket) -> SafeString:
        """Who changed it and when, from the audit trail."""
        records = Record.objects.all().about("ticket", ticket.pk).order_by("id")
        lines = ((local_time.format_local(change.at), describe(change)) for change in records)
        items = format_html_join("", "<li><small>{}</small> {}</li>", lines)
        return format_html('<ul class="desk-history">{}</ul>', items)

    @admin.display(description="Notifications")
    def notifications(self, ticket: Ticket) -> SafeString | str:
        page = "admin:tickets_delivery_change"
        lines = (
            (reverse(page, args=[delivery.pk]), delivery.event, delivery.address, delivery.status)
            for delivery in ticket.deliveries.order_by("created")
        )
        items = format_html_join("", '<li><a href="{}">{}</a> to {}: {}</li>', lines)
        return format_html('<ul class="desk-history">{}</ul>', items)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        hidden = ("show_save_and_continue", "show_save_and_add_another")
        # Buttons of its own change the state of a ticket.
        shown = {**dict.fromkeys(hidden, False), "show_save": object_id is None}
        context = {**shown, **(extra_context or {})}
        ticket = Ticket.objects.filter(pk=object_id).first() if object_id else None
        if ticket and self.has_view_permission(request, ticket):
            context["may_propose"] = request.user.has_perm(PROPOSE)
            context["faq_page"] = knowledge_base().edit_url(ticket.faq_id) if ticket.faq_id else ""
            ticket.record_view(by=request.user.get_username(), comments=ticket.comments.all())
        response: HttpResponseBase = super().changeform_view(request, object_id, form_url, context)
        return response

    def save_model(self, request: HttpRequest, obj: Ticket, form: Any, change: bool) -> None:
        """Call the method of the button. Saving the row would overwrite a colleague's change."""
        by = request.user.get_username()
        if not change:
            fields = {name: form.cleaned_data[name] for name in NewTicketForm.Meta.fields}
            ticket = Ticket.objects.escalate(**fields, by=by)
            obj.pk, obj.message = ticket.pk, ticket.message
            return
        if amended := form.amended():
            obj.amend(by=by, **amended)
        self._comment(request, obj, form.cleaned_data.get("reply", ""))
        for button, (move, new_state) in MOVES.items():
            if button in request.POST:
                self._report(request, [(obj, move(obj, by=by))], new_state)

    def _comment(self, request: HttpRequest, ticket: Ticket, text: str) -> None:
        if not text:
            return
        by, is_internal = request.user.get_username(), "_note" in request.POST
        if ticket.comment(text, by=by, is_internal=is_internal) is None:
            self.message_user(request, closed_ticket_error(ticket), messages.WARNING)
            return
        message = REPLY_MAILED if ticket.email else NO_ADDRESS
        message = "The note was added." if is_internal else message
        self.message_user(request, message, messages.SUCCESS)

    def response_change(self, request: HttpRequest, obj: Ticket) -> HttpResponse:
        """Stay on the page, or go back to the list if the ticket is resolved or closed."""
        if any(button in request.POST for button in BACK_TO_LIST):
            response: HttpResponse = self.response_post_save_change(request, obj)
            return response
        return HttpResponseRedirect(request.get_full_path())

    def log_addition(self, request: HttpRequest, obj: Ticket, message: Any) -> None:
        """No entry: the audit trail has a record."""

    def log_change(self, request: HttpRequest, obj: Ticket, message: Any) -> None:
        """No entry: the audit trail has a record."""

    def construct_change_message(self, *args: Any, **kwargs: Any) -> list[Any]:
        return []

    # --- Canned replies ---------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("canned/", wrap(self.canned_view), name="tickets_ticket_canned"),
        ]
        return [*own, *super().get_urls()]

    def canned_view(self, request: HttpRequest) -> JsonResponse:
        """FAQs with the words of the search, then similar ones."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        search_words = request.GET.get("q", "").strip()[:500]
        faqs = search(search_words, limit=MAX_CANNED) if search_words else []
        return JsonResponse({"results": [faq.as_dict() for faq in faqs]})


def describe(change: Record) -> str:
    """Such as ``claimed by sam`` for the action ``ticket.claimed``."""
    label = change_label(change.action)
    return f"{label} by {change.actor}" if change.actor else label


def closed_ticket_error(ticket: Ticket) -> str:
    """Why a reply or a note was not added, and what to do."""
    if ticket.merged_into_id:
        other = f"#{ticket.merged_into_id}"
        return f"Nothing was sent: the conversation continues in ticket {other}. Write there."
    return f"Nothing was sent: ticket #{ticket.pk} is closed. Reopen it, then send your text."
