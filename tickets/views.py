"""Tickets for programs: open, list, read, take, close."""

from __future__ import annotations

from typing import ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.models import Record
from audit.principal import Principal, Role, principal_of
from tickets.export import csv_lines
from tickets.models import Ticket, TicketQuerySet
from tickets.serializers import (
    NewTicketSerializer,
    OnBehalfSerializer,
    TicketFilterSerializer,
    TicketListSerializer,
    TicketSerializer,
)

SEES_ALL = frozenset({Role.SUPPORT})


class Late(APIException):
    status_code = 409
    default_detail = "A colleague was first."


def visible(principal: Principal, user_id: str | None) -> TicketQuerySet:
    """The tickets a caller may know of.

    Support: everybody's, or ``user_id``'s. A service: those of the ``user_id`` it names. Everyone
    else: their own.
    """
    tickets: TicketQuerySet = Ticket.objects.all()
    if principal.has(SEES_ALL):
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
    ticket = visible(principal_of(request), wanted.validated_data.get("user_id")).filter(pk=pk).first()
    if ticket is None:
        raise NotFound("There is no such ticket.")
    return ticket


class TicketsView(APIView):
    allowed_roles = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE})

    @extend_schema(parameters=[TicketFilterSerializer], responses=TicketListSerializer)
    def get(self, request: Request) -> Response:
        """Tickets, newest first: a customer's own, everybody's for support and services."""
        wanted = TicketFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        tickets = visible(principal_of(request), fields.get("user_id"))
        if "status" in fields:
            tickets = tickets.filter(status=fields["status"])
        if "before" in fields:
            tickets = tickets.filter(pk__lt=fields["before"])
        page = list(tickets.order_by("-id")[: fields["limit"]])
        more = page[-1].pk if len(page) == fields["limit"] else None
        return Response({"results": TicketSerializer(page, many=True).data, "next": more})

    @extend_schema(request=NewTicketSerializer, responses={201: TicketSerializer})
    def post(self, request: Request) -> Response:
        """Open a ticket for a person."""
        wanted = NewTicketSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        principal = principal_of(request)
        requester = fields.get("user_id", principal.subject)
        if not principal.may_act_for(requester):
            raise PermissionDenied("user_id: you may only open tickets as yourself.")
        ask_id = fields["ask_id"]
        if ask_id and not asked_by(requester, str(ask_id)):
            raise ValidationError({"ask_id": "This user asked nothing with that id."})
        ticket = Ticket.objects.escalate(
            fields["message"],
            requester=requester,
            by=principal.subject,
            ask_id=str(ask_id) if ask_id else None,
        )
        return Response(TicketSerializer(ticket).data, status=status.HTTP_201_CREATED)


def asked_by(user_id: str, ask_id: str) -> bool:
    asks = Record.objects.all().about("ask", ask_id)
    return any(ask.concerns(user_id) for ask in asks)


class TicketView(APIView):
    allowed_roles = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE})

    @extend_schema(parameters=[OnBehalfSerializer], responses=TicketSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(TicketSerializer(find(request, pk)).data)


class MoveView(APIView):
    """A state change by a person of support: 409 to whoever came second."""

    allowed_roles = frozenset({Role.SUPPORT})
    move: ClassVar[str]

    @extend_schema(request=None, responses=TicketSerializer)
    def post(self, request: Request, pk: int) -> Response:
        ticket = find(request, pk)
        if not getattr(ticket, self.move)(by=principal_of(request).subject):
            raise Late
        return Response(TicketSerializer(ticket).data)


class ClaimView(MoveView):
    move = "claim"


class ResolveView(MoveView):
    move = "resolve"


class ExportView(APIView):
    allowed_roles = frozenset({Role.SUPPORT})

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request) -> StreamingHttpResponse:
        """Every ticket as CSV, streamed; no cell begins a formula."""
        return csv_response(Ticket.objects.order_by("id"))


def csv_response(tickets: TicketQuerySet) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        csv_lines(tickets.iterator(2000)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="tickets.csv"'
    return response
