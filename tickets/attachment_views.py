"""/tickets/{id}/attachments: upload a file to a ticket, download one."""

from __future__ import annotations

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.identity.principal import principal_of
from audit.multipart import WholeMultiPartParser
from tickets.access import ALL_ROLES, get_ticket, is_desk
from tickets.attachment_files import MAX_BYTES, InvalidFile, NewFile
from tickets.attachments import Attachment
from tickets.downloads import download
from tickets.serializers import CommentSerializer, NewAttachmentSerializer, OnBehalfSerializer
from tickets.state_views import WrongState

FORM_BYTES = 64 * 1024
"""The size of a form without its file."""


class AttachmentParser(WholeMultiPartParser):
    max_bytes = MAX_BYTES + FORM_BYTES


class FileRenderer(BaseRenderer):
    """For content negotiation only: the response sends the file itself."""

    media_type = "application/octet-stream"
    format = "file"


class AttachmentsView(APIView):
    allowed_roles = ALL_ROLES
    parser_classes = (AttachmentParser,)

    @extend_schema(
        operation_id="ticket_attachments_create",
        parameters=[OnBehalfSerializer],
        request={AttachmentParser.media_type: NewAttachmentSerializer},
        responses={201: CommentSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add a comment with a file; 409 if the ticket is closed."""
        body = NewAttachmentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        principal, ticket = principal_of(request), get_ticket(request, pk)
        upload = body.validated_data["file"]
        try:
            file = NewFile.checked(upload.name, upload.read())
            comment = ticket.comment(
                body.validated_data["text"],
                by=principal.subject,
                from_desk=is_desk(principal),
                files=[file],
            )
        except InvalidFile as problem:
            raise ValidationError({"file": str(problem)}) from problem
        if comment is None:
            raise WrongState(ticket)
        return Response(CommentSerializer(comment).data, status=status.HTTP_201_CREATED)


class AttachmentView(APIView):
    allowed_roles = ALL_ROLES
    renderer_classes = (JSONRenderer, FileRenderer)

    @extend_schema(
        operation_id="ticket_attachment_download",
        parameters=[OnBehalfSerializer],
        responses={(200, FileRenderer.media_type): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int, number: int) -> FileResponse:
        """Download a file; only the desk gets files of internal notes."""
        principal, ticket = principal_of(request), get_ticket(request, pk)
        files = Attachment.objects.visible(ticket, to_desk=is_desk(principal))
        attachment = files.filter(pk=number).first()
        if attachment is None:
            raise NotFound(f"Ticket {pk} has no file {number}.")
        return download(attachment, by=principal.subject)
