"""The desk in the admin: the list of tickets, and the page of one ticket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from procrastinate.contrib.django import models as procrastinate
from unfold.admin import ModelAdmin
from unfold.decorators import display

from audit import local_time
from audit.models import Record, record
from tickets import (
    admin_service_levels,  # noqa: F401 (registers its pages)
    queues,
)
from tickets.delivery import admin as delivery_admin  # noqa: F401 (registers its pages)
from tickets.faq_lookup import knowledge_base, nearest, search
from tickets.forms import NewTicketForm, TicketForm
from tickets.models import Ticket
from tickets.original_ask import find_original_ask
from tickets.views import csv_response

CANNED = 5
PROPOSE = "faq.propose_faq"
LABELS = {"open": "warning", "claimed": "info", "waiting": "primary", "resolved": "success"}
URGENCY = {"urgent": "danger", "high": "warning", "low": "default"}

MOVES: dict[str, tuple[Callable[..., bool], str]] = {
    "_claim": (Ticket.claim, "now yours"),
    "_wait": (Ticket.wait, "waiting for the customer"),
    "_resume": (Ticket.resume, "back at work"),
    "_resolve": (Ticket.resolve, "resolved"),
    "_close": (Ticket.close, "closed"),
    "_reopen": (Ticket.reopen, "reopened"),
}
"""The method that each button of a ticket page calls, and the words of its message."""

REPLY_MAILED = "Your reply is on its way."
NO_ADDRESS = "The customer has no e-mail address and sees your reply where they asked."

BACK_TO_LIST = ("_resolve", "_close")

# The delivery log shows the same facts, readably.
for model in (
    procrastinate.ProcrastinateJob,
    *(procrastinate.ProcrastinateEvent, procrastinate.ProcrastinatePeriodicDefer),
    procrastinate.ProcrastinateWorker,
):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(Ticket)
class TicketAdmin(ModelAdmin):  # type: ignore[misc]
    form = TicketForm
    list_display = (
        *("number", "summary", "requester", "shown_priority", "shown_status"),
        *("assignee", "shown_due", "opened"),
    )
    list_display_links = ("number", "summary")
    list_filter = (queues.Queue, "status", "priority", "category", "assignee", "created")
    search_fields = ("=id", "message", "requester", "assignee")
    search_help_text = "Number, message or person"
    list_per_page = 50
    list_before_template = "tickets/queues.html"
    readonly_fields = (
        *("text", "requester", "shown_status", "assignee", "shown_due", "created"),
        *("conversation", "canned", "original_ask", "history", "notifications"),
    )
    actions = ("claim_selected", "resolve_selected", "export_selected")

    class Media:
        js = ("tickets/ticket.js",)
        css = {"all": ("tickets/ticket.css",)}

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
            *(ticket.due.isoformat(timespec="seconds"), local_time.shown(ticket.due), words),
        )

    @admin.display(description="Opened", ordering="created")
    def opened(self, ticket: Ticket) -> SafeString:
        exact, since = ticket.created.isoformat(timespec="seconds"), timesince(ticket.created)
        shown = local_time.shown(ticket.created)
        return format_html('<time datetime="{}" title="{}">{} ago</time>', exact, shown, since)

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
            ("How the site decided", {"fields": ("original_ask",)}),
            ("What happened", {"fields": ("history", "notifications")}),
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
        context = {"faqs": nearest(ticket.message, limit=CANNED), "url": url}
        return render_to_string("tickets/canned.html", context)

    @admin.display(description="Original question")
    def original_ask(self, ticket: Ticket) -> SafeString:
        """The question that the ticket came from, and how the site decided it."""
        ask = find_original_ask(ticket)
        if ask is None:
            return format_html("{}", "This ticket does not come from a question to the site.")
        decision = knowledge_base().decision_html(ask.outcome, ask.answer, ask.decision)
        return render_to_string("tickets/original_ask.html", {"ask": ask, "decision": decision})

    @admin.display(description="History")
    def history(self, ticket: Ticket) -> SafeString:
        """Who changed it and when, from the audit trail."""
        facts = Record.objects.all().about("ticket", ticket.pk).order_by("id")
        lines = ((local_time.shown(fact.at), describe(fact)) for fact in facts)
        listed = format_html_join("", "<li><small>{}</small> {}</li>", lines)
        return format_html('<ul class="desk-history">{}</ul>', listed)

    @admin.display(description="Notifications")
    def notifications(self, ticket: Ticket) -> SafeString | str:
        page = "admin:tickets_delivery_change"
        lines = (
            (reverse(page, args=[sent.pk]), sent.event, sent.address, sent.status)
            for sent in ticket.deliveries.order_by("created")
        )
        listed = format_html_join("", '<li><a href="{}">{}</a> to {}: {}</li>', lines)
        return format_html('<ul class="desk-history">{}</ul>', listed)

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
        """Do what the button says. Saving the row would overwrite a colleague's change."""
        by = request.user.get_username()
        if not change:
            fields = {name: form.cleaned_data[name] for name in NewTicketForm.Meta.fields}
            ticket = Ticket.objects.escalate(**fields, by=by)
            obj.pk, obj.message = ticket.pk, ticket.message
            return
        if amended := form.amended():
            obj.amend(by=by, **amended)
        self._comment(request, obj, form.cleaned_data.get("reply", ""))
        for button, (move, now) in MOVES.items():
            if button in request.POST:
                self._report(request, [(obj, move(obj, by=by))], now)

    def _comment(self, request: HttpRequest, ticket: Ticket, text: str) -> None:
        if not text:
            return
        by, is_internal = request.user.get_username(), "_note" in request.POST
        if ticket.comment(text, by=by, is_internal=is_internal) is None:
            self.message_user(request, "The ticket is closed; nothing was sent.", messages.WARNING)
            return
        done = (
            "Noted for the desk." if is_internal else REPLY_MAILED if ticket.email else NO_ADDRESS
        )
        self.message_user(request, done, messages.SUCCESS)

    def response_change(self, request: HttpRequest, obj: Ticket) -> HttpResponse:
        """Stay on the page of a ticket that is still open; else go back to the list."""
        if any(button in request.POST for button in BACK_TO_LIST):
            response: HttpResponse = self.response_post_save_change(request, obj)
            return response
        return HttpResponseRedirect(request.get_full_path())

    def log_addition(self, request: HttpRequest, obj: Ticket, message: Any) -> None:
        """The audit trail has it."""

    def log_change(self, request: HttpRequest, obj: Ticket, message: Any) -> None:
        """The audit trail has it."""

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
        """FAQs that have the words typed, then similar ones."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        words = request.GET.get("q", "").strip()[:500]
        faqs = search(words, limit=CANNED) if words else []
        return JsonResponse({"results": [faq.as_dict() for faq in faqs]})

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
        move, now = MOVES[button]
        by = request.user.get_username()
        self._report(request, [(ticket, move(ticket, by=by)) for ticket in tickets], now)

    def _report(self, request: HttpRequest, moved: Iterable[tuple[Ticket, bool]], now: str) -> None:
        done = []
        for ticket, was_moved in moved:
            if was_moved:
                done.append(f"#{ticket.pk}")
                continue
            ticket.refresh_from_db()
            of = f" by {ticket.assignee}" if ticket.assignee else ""
            message = f"A colleague was first: #{ticket.pk} is {ticket.status}{of}."
            self.message_user(request, message, messages.WARNING)
        if done:
            self.message_user(request, f"{', '.join(done)}: {now}.", messages.SUCCESS)


def describe(fact: Record) -> str:
    """``claimed by sam`` of a ``ticket.claimed``."""
    verb = fact.action.partition(".")[2]
    return f"{verb} by {fact.actor}" if fact.actor else verb
