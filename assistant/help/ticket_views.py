"""Tickets on the help page: open one, read your own, reply."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from assistant.help.conversation import find_ask
from assistant.help.forms import ContactForm, MessageForm
from assistant.help.page import HelpView
from assistant.help.views import CHANNEL
from tickets.models import Ticket
from tickets.opening import open_ticket

SHOWN = 50


class ContactView(HelpView):
    def get(self, request: Request) -> HttpResponseBase:
        form = ContactForm(initial=self._about(request.query_params.get("ask", "")))
        return self._page(form)

    def post(self, request: Request) -> HttpResponseBase:
        form = ContactForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=400)
        fields, email = form.cleaned_data, form.cleaned_data["email"]
        # The cookie may have expired since the form was opened.
        ask_id = str(fields["ask_id"]) if fields["ask_id"] else ""
        is_own_ask = ask_id and find_ask(self.sender, ask_id)
        opening = open_ticket(
            {
                "message": form.signed_message,
                "email": email,
                "ask_id": ask_id if is_own_ask else None,
            },
            self.sender.principal(email),
            key=str(fields["key"] or ""),
            channel=CHANNEL,
            is_address_verified=email.casefold() == self.sender.email.casefold(),
        )
        assert opening.ticket
        return self.moved_on("ticket", opening.ticket.pk)

    def _about(self, ask_id: str) -> dict[str, str]:
        """The question that the visitor had asked, to start from."""
        record = find_ask(self.visitor, ask_id) if self.visitor else None
        return {"ask_id": ask_id, "message": str(record.data["question"])} if record else {}

    def _page(self, form: ContactForm, *, status: int = 200) -> HttpResponseBase:
        return self.page("help/contact.html", {"tab": "contact", "form": form}, status=status)


class TicketsView(HelpView):
    def get(self, request: Request) -> HttpResponseBase:
        tickets = Ticket.objects.of(self.visitor.subject) if self.visitor else []
        rows = [{"ticket": ticket, "status": status_label(ticket)} for ticket in tickets[:SHOWN]]
        return self.page("help/tickets.html", {"tab": "tickets", "rows": rows})


class TicketView(HelpView):
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        return self._page(self._own_ticket(pk), MessageForm())

    def post(self, request: Request, pk: int) -> HttpResponseBase:
        ticket, form = self._own_ticket(pk), MessageForm(request.POST)
        if not form.is_valid():
            return self._page(ticket, form, status=400)
        ticket.comment(form.cleaned_data["text"], by=self.sender.subject, from_desk=False)
        return self.moved_on("ticket", pk, fragment="last")

    def _own_ticket(self, pk: int) -> Ticket:
        """The visitor's ticket. Raises ``NotFound``, also if it is another person's."""
        own = Ticket.objects.of(self.visitor.subject) if self.visitor else Ticket.objects.none()
        ticket: Ticket | None = own.filter(pk=pk).first()
        if ticket is None:
            raise NotFound
        return ticket

    def _page(self, ticket: Ticket, form: MessageForm, *, status: int = 200) -> HttpResponseBase:
        comments = ticket.comments.public().select_related("ticket")
        return self.page(
            "help/ticket.html",
            {
                "tab": "tickets",
                "ticket": ticket,
                "status": status_label(ticket),
                "comments": comments,
                "form": form,
                "is_closed": ticket.status == Ticket.Status.CLOSED,
            },
            status=status,
        )


def status_label(ticket: Ticket) -> str:
    """The state of a ticket as its customer sees it."""
    labels = {
        Ticket.Status.OPEN: _("We have it"),
        Ticket.Status.CLAIMED: _("Somebody is working on it"),
        Ticket.Status.WAITING: _("Waiting for your answer"),
        Ticket.Status.RESOLVED: _("Resolved"),
        Ticket.Status.CLOSED: _("Closed"),
    }
    return labels[Ticket.Status(ticket.status)]
