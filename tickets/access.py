"""Which tickets somebody may know of, and which of them they want."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request

from audit.identity.principal import Principal, Role, principal_of
from audit.people.pseudonyms import stored_name
from tickets.models import Ticket, TicketQuerySet
from tickets.serializers import OnBehalfSerializer

SEES_ALL = frozenset({Role.SUPPORT})
PLAIN = ("status", "priority", "category")


def is_desk(principal: Principal) -> bool:
    return principal.has(SEES_ALL)


def visible(principal: Principal, user_id: str | None) -> TicketQuerySet:
    """The tickets a caller may know of.

    Support: everybody's, or ``user_id``'s. A service: those of the ``user_id`` it names. Everyone
    else: their own.
    """
    tickets: TicketQuerySet = Ticket.objects.all()
    if is_desk(principal):
        return tickets.of(user_id) if user_id else tickets
    if Role.SERVICE in principal.roles:
        if not user_id:
            raise ValidationError({"user_id": "A service names the user it acts for."})
        return tickets.of(user_id)
    if user_id and user_id != principal.subject:
        raise PermissionDenied("user_id: you may only read your own tickets.")
    return tickets.of(principal.subject)


def find(request: Request, pk: int) -> Ticket:
    """The ticket, or 404: somebody else's is as good as none."""
    wanted = OnBehalfSerializer(data=request.query_params)
    wanted.is_valid(raise_exception=True)
    ticket = (
        visible(principal_of(request), wanted.validated_data.get("user_id")).filter(pk=pk).first()
    )
    if ticket is None:
        raise NotFound("There is no such ticket.")
    return ticket


def chosen(tickets: TicketQuerySet, wanted: Mapping[str, Any]) -> TicketQuerySet:
    """Those of ``tickets`` that ``SelectionSerializer`` describes."""
    tickets = tickets.filter(**{name: wanted[name] for name in PLAIN if name in wanted})
    if "assignee" in wanted:
        tickets = tickets.filter(assignee=stored_name(wanted["assignee"]))
    if "tag" in wanted:
        tickets = tickets.filter(tags__contains=[wanted["tag"]])
    if "since" in wanted:
        tickets = tickets.filter(created__gte=_midnight(wanted["since"]))
    if "until" in wanted:
        tickets = tickets.filter(created__lt=_midnight(wanted["until"]) + timedelta(days=1))
    if wanted.get("overdue") is not None:
        late = Q(due__lt=timezone.now(), status__in=(Ticket.Status.OPEN, Ticket.Status.CLAIMED))
        tickets = tickets.filter(late) if wanted["overdue"] else tickets.exclude(late)
    return tickets


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)
