"""Which tickets a caller may see, and the filters of lists and exports."""

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

ALL_ROLES = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE})
DESK = frozenset({Role.SUPPORT})
EXACT_FILTERS = ("status", "priority", "category")


def is_desk(principal: Principal) -> bool:
    return principal.has(DESK)


def visible(principal: Principal, user_id: str | None) -> TicketQuerySet:
    """The tickets a caller may see.

    Support sees all tickets, or those of ``user_id``. A service sees those of the ``user_id`` it
    names, everyone else their own. Raises ``ValidationError`` or ``PermissionDenied``.
    """
    tickets: TicketQuerySet = Ticket.objects.all()
    if is_desk(principal):
        return tickets.of(user_id) if user_id else tickets
    if Role.SERVICE in principal.roles:
        if not user_id:
            raise ValidationError({"user_id": "A service must name the user it acts for."})
        return tickets.of(user_id)
    if user_id and user_id != principal.subject:
        raise PermissionDenied("user_id: you may only read your own tickets.")
    return tickets.of(principal.subject)


def get_ticket(request: Request, pk: int) -> Ticket:
    """The ticket. Raises ``NotFound``, also for a ticket that the caller may not see."""
    query = OnBehalfSerializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    ticket = (
        visible(principal_of(request), query.validated_data.get("user_id")).filter(pk=pk).first()
    )
    if ticket is None:
        raise NotFound(f"There is no ticket {pk}.")
    return ticket


def apply_filters(tickets: TicketQuerySet, query: Mapping[str, Any]) -> TicketQuerySet:
    """Filter ``tickets`` by the validated fields of ``SelectionSerializer``."""
    tickets = tickets.filter(**{name: query[name] for name in EXACT_FILTERS if name in query})
    if "assignee" in query:
        tickets = tickets.filter(assignee=stored_name(query["assignee"]))
    if "tag" in query:
        tickets = tickets.filter(tags__contains=[query["tag"]])
    if "since" in query:
        tickets = tickets.filter(created__gte=_midnight(query["since"]))
    if "until" in query:
        tickets = tickets.filter(created__lt=_midnight(query["until"]) + timedelta(days=1))
    if query.get("overdue") is not None:
        late = Q(due__lt=timezone.now(), status__in=(Ticket.Status.OPEN, Ticket.Status.CLAIMED))
        tickets = tickets.filter(late) if query["overdue"] else tickets.exclude(late)
    return tickets


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)
