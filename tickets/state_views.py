"""/tickets/{id}/claim and the other changes of a ticket's state."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.identity.principal import principal_of
from tickets.access import ALL_ROLES, DESK, get_ticket, is_desk
from tickets.models import Ticket
from tickets.serializers import OnBehalfSerializer, TicketSerializer


class WrongState(APIException):
    """The ticket's state does not allow this change, or not any more."""

    status_code = 409

    def __init__(self, ticket: Ticket) -> None:
        assigned = f" and assigned to {ticket.assignee}" if ticket.assignee else ""
        super().__init__(f"The ticket is {ticket.status}{assigned}.")


class MoveView(APIView):
    """A state change by support; 409 if the state does not allow it."""

    allowed_roles = DESK
    move: ClassVar[str]

    @extend_schema(request=None, responses=TicketSerializer)
    def post(self, request: Request, pk: int) -> Response:
        ticket = get_ticket(request, pk)
        if not getattr(ticket, self.move)(by=principal_of(request).subject):
            raise WrongState(ticket)
        return Response(TicketSerializer(ticket).data)


class ClaimView(MoveView):
    move = "claim"


class WaitView(MoveView):
    move = "wait"


class ResumeView(MoveView):
    move = "resume"


class ResolveView(MoveView):
    move = "resolve"


class CloseView(MoveView):
    move = "close"


class ReopenView(APIView):
    allowed_roles = ALL_ROLES

    @extend_schema(parameters=[OnBehalfSerializer], request=None, responses=TicketSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Reopen a resolved ticket. Only support reopens a closed one."""
        principal, ticket = principal_of(request), get_ticket(request, pk)
        origin = [Ticket.Status.RESOLVED]
        if is_desk(principal):
            origin.append(Ticket.Status.CLOSED)
        if not ticket.reopen(by=principal.subject, origin=origin):
            raise WrongState(ticket)
        return Response(TicketSerializer(ticket).data)
