"""/tickets: open, list, read, change, comment."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.identity.principal import Principal, principal_of
from audit.paging import first_page
from tickets import deflection, original_ask
from tickets.access import ALL_ROLES, apply_filters, get_ticket, is_desk, visible
from tickets.comments import CommentQuerySet
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.serializers import (
    AmendSerializer,
    CommentListSerializer,
    CommentSerializer,
    CreatedTicketSerializer,
    FullTicketSerializer,
    NewCommentSerializer,
    NewTicketSerializer,
    OnBehalfSerializer,
    SuggestedSerializer,
    TicketDetailSerializer,
    TicketFilterSerializer,
    TicketListSerializer,
    TicketSerializer,
)
from tickets.state_views import WrongState

MAX_KEY_LENGTH = 200
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    # The schema has no maximum: a longer key is answered with 400.
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="A repeated POST with the same key and body returns the same ticket.",
)


class TicketsView(APIView):
    allowed_roles = ALL_ROLES

    @extend_schema(
        operation_id="tickets_list",
        parameters=[TicketFilterSerializer],
        responses=TicketListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Tickets, newest first: a customer's own, everybody's for support and services."""
        query = TicketFilterSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        fields = query.validated_data
        tickets = apply_filters(visible(principal_of(request), fields.get("user_id")), fields)
        if "before" in fields:
            tickets = tickets.filter(pk__lt=fields["before"])
        page, last = first_page(tickets.order_by("-id"), fields["limit"])
        results = TicketSerializer(page, many=True).data
        return Response({"results": results, "next": last.pk if last else None})

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=NewTicketSerializer,
        responses={200: SuggestedSerializer, 201: CreatedTicketSerializer},
    )
    def post(self, request: Request) -> Response:
        """Open a ticket. ``result`` in the reply is ``created`` or ``suggested``.

        ``created``: the new ticket, and in ``suggestions`` FAQs that may answer it. ``suggested``,
        only if the request had ``suggest``: FAQs may answer it, and no ticket was opened.
        """
        opening = open_ticket(request.data, principal_of(request), key=_idempotency_key(request))
        suggestions = opening.suggestions
        if opening.ticket is None:
            return Response(
                {"result": "suggested", "detail": deflection.SUGGESTED, "id": None}
                | {"suggestions": suggestions}
            )
        ticket = FullTicketSerializer(opening.ticket).data
        return Response(
            {**ticket, "result": "created", "detail": deflection.CREATED}
            | {"suggestions": suggestions},
            status=status.HTTP_201_CREATED,
        )


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY_LENGTH or not key.isprintable():
        raise ValidationError(
            {"Idempotency-Key": f"At most {MAX_KEY_LENGTH} printable characters."}
        )
    return key


class TicketView(APIView):
    allowed_roles = ALL_ROLES

    @extend_schema(parameters=[OnBehalfSerializer], responses=TicketDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """A ticket with its comments; for support also the question it comes from."""
        return Response(_detail(get_ticket(request, pk), principal_of(request)))

    @extend_schema(request=AmendSerializer, responses=TicketDetailSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change priority, category, reason or tags (support only). A priority changes ``due``."""
        principal = principal_of(request)
        if not is_desk(principal):
            raise PermissionDenied("Only support may change a ticket.")
        query = AmendSerializer(data=request.data)
        query.is_valid(raise_exception=True)
        ticket = get_ticket(request, pk)
        ticket.amend(by=principal.subject, **query.validated_data)
        if ticket.status == Ticket.Status.CLOSED:
            raise WrongState(ticket)
        return Response(_detail(ticket, principal))


def _detail(ticket: Ticket, principal: Principal) -> dict[str, Any]:
    """The ticket as this reader may see it: notes and the decision are for the desk only."""
    ask = original_ask.find_original_ask(ticket) if is_desk(principal) else None
    ticket.shown_comments = _read_comments(ticket, principal)  # type: ignore[attr-defined]
    ticket.original_ask = ask.as_dict() if ask else None  # type: ignore[attr-defined]
    return dict(TicketDetailSerializer(ticket).data)


def _read_comments(ticket: Ticket, principal: Principal) -> CommentQuerySet:
    """The comments that this reader may see, as written. Records that they were read."""
    comments = ticket.comments.all() if is_desk(principal) else ticket.comments.public()
    ticket.record_view(by=principal.subject, comments=comments)
    return comments


class CommentsView(APIView):
    allowed_roles = ALL_ROLES

    @extend_schema(
        operation_id="ticket_comments_list",
        parameters=[OnBehalfSerializer],
        responses=CommentListSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Comments, oldest first; internal ones are for the desk only."""
        comments = _read_comments(get_ticket(request, pk), principal_of(request))
        return Response({"results": CommentSerializer(comments, many=True).data})

    @extend_schema(
        operation_id="ticket_comments_create",
        parameters=[OnBehalfSerializer],
        request=NewCommentSerializer,
        responses={201: CommentSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add a comment; 409 if closed. A customer's reopens a waiting or resolved ticket."""
        principal = principal_of(request)
        query = NewCommentSerializer(data=request.data)
        query.is_valid(raise_exception=True)
        fields, from_desk = query.validated_data, is_desk(principal)
        if fields["internal"] and not from_desk:
            raise PermissionDenied("internal: only support may add internal notes.")
        ticket = get_ticket(request, pk)
        comment = ticket.comment(
            fields["text"],
            by=principal.subject,
            is_internal=fields["internal"],
            from_desk=from_desk,
        )
        if comment is None:
            raise WrongState(ticket)
        return Response(CommentSerializer(comment).data, status=status.HTTP_201_CREATED)
