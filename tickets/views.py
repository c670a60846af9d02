"""Tickets for programs: open, list, read, talk about, move."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.identity.principal import Principal, Role, principal_of
from audit.models import record
from audit.privacy.gateway import Channel, reject
from tickets import deflection, original_ask
from tickets.access import chosen, find, is_desk, visible
from tickets.comments import CommentQuerySet
from tickets.export import csv_lines
from tickets.models import Ticket, TicketQuerySet
from tickets.serializers import (
    AmendSerializer,
    CommentListSerializer,
    CommentSerializer,
    CreatedTicketSerializer,
    FullTicketSerializer,
    NewCommentSerializer,
    NewTicketSerializer,
    OnBehalfSerializer,
    SelectionSerializer,
    SuggestedSerializer,
    TicketDetailSerializer,
    TicketFilterSerializer,
    TicketListSerializer,
    TicketSerializer,
)

EVERYBODY = frozenset({Role.CUSTOMER, Role.SUPPORT, Role.SERVICE})
DESK = frozenset({Role.SUPPORT})

LONGEST_KEY = 200
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    # In the schema as text of any length: what does not fit is refused.
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Sent again with the same body, it returns the same ticket.",
)


class NotInThisState(APIException):
    """The ticket is not, or no longer, where this change may start from."""

    status_code = 409

    def __init__(self, ticket: Ticket) -> None:
        of = f" and {ticket.assignee} has it" if ticket.assignee else ""
        super().__init__(f"The ticket is {ticket.status}{of}.")


class TicketsView(APIView):
    allowed_roles = EVERYBODY

    @extend_schema(
        operation_id="tickets_list",
        parameters=[TicketFilterSerializer],
        responses=TicketListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Tickets, newest first: a customer's own, everybody's for support and services."""
        wanted = TicketFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        tickets = chosen(visible(principal_of(request), fields.get("user_id")), fields)
        if "before" in fields:
            tickets = tickets.filter(pk__lt=fields["before"])
        page = list(tickets.order_by("-id")[: fields["limit"]])
        more = page[-1].pk if len(page) == fields["limit"] else None
        return Response({"results": TicketSerializer(page, many=True).data, "next": more})

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=NewTicketSerializer,
        responses={200: SuggestedSerializer, 201: CreatedTicketSerializer},
    )
    def post(self, request: Request) -> Response:
        """Open a ticket. The reply's ``result`` says what was done.

        ``created``: the ticket, with the FAQs that may answer it beside it. ``suggested``, only
        where ``suggest`` asked for it: FAQs may answer it, and no ticket was made.
        """
        serializer = NewTicketSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        principal = principal_of(request)
        requester = fields.pop("user_id", principal.subject)
        if not principal.may_act_for(requester):
            raise PermissionDenied("user_id: you may only open tickets as yourself.")
        fields["email"] = _email(principal, requester, fields["email"])
        texts = {"message": fields["message"], "category": fields["category"]}
        reject(Channel.TICKETS, {**texts, "tags": " ".join(fields["tags"])})
        ask_id = str(fields.pop("ask_id") or "") or None
        if ask_id and not original_ask.find(requester, ask_id):
            raise ValidationError({"ask_id": "This user asked nothing with that id."})
        key = _idempotency_key(request)
        suggestions = [] if ask_id else _suggestions(principal, requester, fields["message"])
        is_known = deflection.is_known(key, principal.subject)
        if fields.pop("suggest") and suggestions and not is_known:
            return Response(
                {"result": "suggested", "detail": deflection.SUGGESTED, "id": None}
                | {"suggestions": suggestions}
            )
        fields.setdefault("reason", deflection.reason_of(ask_id, requester))
        content = {**fields, "requester": requester, "ask_id": ask_id}

        def make() -> Ticket:
            ticket: Ticket = Ticket.objects.escalate(**content, by=principal.subject)
            return ticket

        if key:
            ticket = deflection.get_or_create(
                key, subject=principal.subject, content=content, make=make
            )
        else:
            ticket = make()
        return Response(
            {**FullTicketSerializer(ticket).data, "result": "created", "detail": deflection.CREATED}
            | {"suggestions": suggestions},
            status=status.HTTP_201_CREATED,
        )


def _suggestions(principal: Principal, requester: str, message: str) -> list[dict[str, Any]]:
    suggestions = deflection.suggest(
        message,
        requester=requester,
        by=principal.subject,
        # A service's own audiences are not those of the user it names.
        audiences=principal.audiences if requester == principal.subject else (),
    )
    return [each.as_dict() for each in suggestions]


def _email(principal: Principal, requester: str, named: str) -> str:
    """Where news go. Whoever asks only for itself cannot have somebody else written to."""
    if named and not principal.may_notify(named):
        raise ValidationError({"email": "It is not the address that your token holds."})
    return named or (principal.email if requester == principal.subject else "")


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise ValidationError({"Idempotency-Key": f"At most {LONGEST_KEY} printable characters."})
    return key


class TicketView(APIView):
    allowed_roles = EVERYBODY

    @extend_schema(parameters=[OnBehalfSerializer], responses=TicketDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """A ticket with what was said about it; for support also with the ask it came from."""
        return Response(_detail(find(request, pk), principal_of(request)))

    @extend_schema(request=AmendSerializer, responses=TicketDetailSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Support: priority, category, reason, tags. A priority changes when it is due."""
        principal = principal_of(request)
        if not is_desk(principal):
            raise PermissionDenied("Only support may change a ticket.")
        wanted = AmendSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        ticket = find(request, pk)
        ticket.amend(by=principal.subject, **wanted.validated_data)
        if ticket.status == Ticket.Status.CLOSED:
            raise NotInThisState(ticket)
        return Response(_detail(ticket, principal))


def _detail(ticket: Ticket, principal: Principal) -> dict[str, Any]:
    """What this reader may know: internal comments and the decision never leave the desk."""
    before = original_ask.asked_before(ticket) if is_desk(principal) else None
    ticket.shown_comments = _read_comments(ticket, principal)  # type: ignore[attr-defined]
    ticket.asked = before.as_dict() if before else None  # type: ignore[attr-defined]
    return dict(TicketDetailSerializer(ticket).data)


def _read_comments(ticket: Ticket, principal: Principal) -> CommentQuerySet:
    """Those that this reader may know, as written; that they were read is on the record."""
    comments = ticket.comments.all() if is_desk(principal) else ticket.comments.public()
    ticket.record_view(by=principal.subject, comments=comments)
    return comments


class CommentsView(APIView):
    allowed_roles = EVERYBODY

    @extend_schema(
        operation_id="ticket_comments_list",
        parameters=[OnBehalfSerializer],
        responses=CommentListSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """What was said, oldest first; internal comments are for the desk only."""
        comments = _read_comments(find(request, pk), principal_of(request))
        return Response({"results": CommentSerializer(comments, many=True).data})

    @extend_schema(
        operation_id="ticket_comments_create",
        parameters=[OnBehalfSerializer],
        request=NewCommentSerializer,
        responses={201: CommentSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say something. A customer's words end the desk's waiting for them; 409 once closed."""
        principal = principal_of(request)
        wanted = NewCommentSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields, from_desk = wanted.validated_data, is_desk(principal)
        if fields["internal"] and not from_desk:
            raise PermissionDenied("internal: only support may say something internal.")
        ticket = find(request, pk)
        said = ticket.comment(
            fields["text"],
            by=principal.subject,
            is_internal=fields["internal"],
            from_desk=from_desk,
        )
        if said is None:
            raise NotInThisState(ticket)
        return Response(CommentSerializer(said).data, status=status.HTTP_201_CREATED)


class MoveView(APIView):
    """A state change by a person of support: 409 to whoever came second."""

    allowed_roles = DESK
    move: ClassVar[str]

    @extend_schema(request=None, responses=TicketSerializer)
    def post(self, request: Request, pk: int) -> Response:
        ticket = find(request, pk)
        if not getattr(ticket, self.move)(by=principal_of(request).subject):
            raise NotInThisState(ticket)
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
    allowed_roles = EVERYBODY

    @extend_schema(parameters=[OnBehalfSerializer], request=None, responses=TicketSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """It was not answered after all. A closed one is only reopened by support."""
        principal, ticket = principal_of(request), find(request, pk)
        origin = [Ticket.Status.RESOLVED]
        if is_desk(principal):
            origin.append(Ticket.Status.CLOSED)
        if not ticket.reopen(by=principal.subject, origin=origin):
            raise NotInThisState(ticket)
        return Response(TicketSerializer(ticket).data)


class CsvRenderer(BaseRenderer):
    """Says that a view speaks CSV, for callers who ask; the reply streams by itself."""

    media_type = "text/csv"
    format = "csv"


class ExportView(APIView):
    allowed_roles = DESK
    renderer_classes = (CsvRenderer,)

    @extend_schema(
        operation_id="tickets_export",
        tags=["tickets"],
        parameters=[SelectionSerializer],
        responses={(200, CsvRenderer.media_type): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Tickets as CSV, streamed, filtered like the list; no cell begins a formula."""
        wanted = SelectionSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        fields, principal = wanted.validated_data, principal_of(request)
        tickets = chosen(visible(principal, fields.get("user_id")), fields)
        filters = {name: str(value) for name, value in fields.items() if value is not None}
        record("tickets.exported", actor=principal.subject, data={"filters": filters})
        return csv_response(tickets.order_by("id"))


def csv_response(tickets: TicketQuerySet) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        csv_lines(tickets.iterator(2000)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="tickets.csv"'
    return response
