"""Open a ticket, for POST /tickets and the help page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rest_framework.exceptions import PermissionDenied, ValidationError

from audit.identity.principal import Principal
from audit.privacy.gateway import Channel, reject
from tickets import deflection, original_ask
from tickets.models import Ticket
from tickets.serializers import NewTicketSerializer


@dataclass(frozen=True)
class Opening:
    """The result of a request for a ticket."""

    ticket: Ticket | None
    """None if FAQs may answer it and the caller asked to see them first."""
    suggestions: list[dict[str, Any]]
    """FAQs that may answer the message, as ``FaqMatch.as_dict``."""


def open_ticket(
    data: Any,
    principal: Principal,
    *,
    key: str = "",
    channel: str = "api",
    is_address_verified: bool = True,
) -> Opening:
    """Open a ticket from the fields of ``NewTicketSerializer``.

    ``key``: an Idempotency-Key. An address that is not verified gets no mail until somebody at the
    desk has replied. Raises ``ValidationError``, ``PermissionDenied``, ``gateway.PersonalData`` or
    ``deflection.KeyReused``.
    """
    serializer = NewTicketSerializer(data=data)
    serializer.is_valid(raise_exception=True)
    fields = serializer.validated_data
    requester = fields.pop("user_id", principal.subject)
    if not principal.may_act_for(requester):
        raise PermissionDenied("user_id: your token may only open tickets for its own user.")
    fields["email"] = _email(principal, requester, fields.get("email", ""))
    texts = {"message": fields["message"], "category": fields["category"]}
    reject(Channel.TICKETS, {**texts, "tags": " ".join(fields["tags"])})
    ask_id = str(fields.pop("ask_id") or "") or None
    if ask_id and not original_ask.find_record(requester, ask_id):
        raise ValidationError({"ask_id": "This user has no question with this id."})
    suggestions = [] if ask_id else _suggestions(principal, requester, fields["message"])
    has_ticket = deflection.has_ticket(key, principal.subject)
    if fields.pop("suggest") and suggestions and not has_ticket:
        return Opening(None, suggestions)
    fields.setdefault("reason", deflection.reason_of(ask_id, requester))
    content = {**fields, "requester": requester, "ask_id": ask_id}

    def create() -> Ticket:
        ticket: Ticket = Ticket.objects.escalate(
            **content,
            by=principal.subject,
            channel=channel,
            is_address_verified=is_address_verified,
        )
        return ticket

    if not key:
        return Opening(create(), suggestions)
    ticket = deflection.get_or_create(
        key, subject=principal.subject, content=content, create=create
    )
    return Opening(ticket, suggestions)


def _suggestions(principal: Principal, requester: str, message: str) -> list[dict[str, Any]]:
    suggestions = deflection.suggest(
        message,
        requester=requester,
        by=principal.subject,
        # A service's own audiences are not those of the user it names.
        audiences=principal.audiences if requester == principal.subject else (),
    )
    return [faq.as_dict() for faq in suggestions]


def _email(principal: Principal, requester: str, named: str) -> str:
    """The address for notifications. Callers that act for themselves may only use their own."""
    if named and not principal.may_notify(named):
        raise ValidationError({"email": "This is not the address in your token."})
    return named or (principal.email if requester == principal.subject else "")
