"""GET /audit and its export, for auditors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import APIException, NotFound
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.identity.principal import Role, principal_of
from audit.log_format.chain import compact_json
from audit.models import Record, RecordQuerySet
from audit.paging import first_page
from audit.people.erase_person import KeysChanged, UnknownPerson, erase_person
from audit.serializers import (
    ErasureSerializer,
    RecordFilterSerializer,
    RecordListSerializer,
    RecordPageSerializer,
    RecordSerializer,
)

LOOKUPS = {
    "action": "action",
    "outcome": "outcome",
    "about": "about",
    "request_id": "request_id",
    "since": "at__gte",
    "until": "at__lt",
    "before": "pk__lt",
}

NDJSON = "application/x-ndjson"
PAGE = 500


class AuditView(APIView):
    allowed_roles = frozenset({Role.AUDITOR})

    @extend_schema(
        operation_id="audit_list", parameters=[RecordPageSerializer], responses=RecordListSerializer
    )
    def get(self, request: Request) -> Response:
        """Audit records, newest first."""
        query = RecordPageSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        fields = query.validated_data
        page, last = first_page(filter_records(fields).order_by("-id"), fields["limit"])
        results = RecordSerializer(page, many=True).data
        return Response({"results": results, "next": last.pk if last else None})


class NdjsonRenderer(BaseRenderer):
    """Declares JSON lines for content negotiation; the view streams the reply itself."""

    media_type = NDJSON
    format = "jsonl"


class AuditExportView(APIView):
    allowed_roles = frozenset({Role.AUDITOR})
    renderer_classes = (NdjsonRenderer,)

    @extend_schema(
        operation_id="audit_export",
        tags=["audit"],
        parameters=[RecordFilterSerializer],
        responses={(200, NDJSON): OpenApiResponse(OpenApiTypes.STR)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """All matching audit records as JSON lines, oldest first."""
        query = RecordFilterSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        lines = _lines(filter_records(query.validated_data))
        reply = StreamingHttpResponse(lines, content_type=NDJSON)
        reply["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
        return reply


def filter_records(fields: Mapping[str, Any]) -> RecordQuerySet:
    """The records that match valid fields of a ``RecordFilterSerializer``."""
    records: RecordQuerySet = Record.objects.filter(
        **{lookup: fields[name] for name, lookup in LOOKUPS.items() if name in fields}
    )
    if "actor" in fields:
        records = records.by(fields["actor"])
    if "user_id" in fields:
        records = records.concerning(fields["user_id"])
    return records


def _lines(records: RecordQuerySet) -> Iterator[str]:
    # In pages, since a server-side cursor does not work through a connection pooler.
    last = 0
    while page := list(records.filter(pk__gt=last).order_by("id")[:PAGE]):
        last = page[-1].pk
        yield "".join(compact_json(record.as_dict()) + "\n" for record in page)


class KeysConflict(APIException):
    """409: the person's keys were changed in the database."""

    status_code = 409


class PersonView(APIView):
    """The data of one person; only for the role admin, which may do everything."""

    allowed_roles: frozenset[Role] = frozenset({Role.ADMIN})

    @extend_schema(responses={200: ErasureSerializer})
    def delete(self, request: Request, user_id: str) -> Response:
        """Erase a person: destroy their key, and with it their name and all texts about them.

        The audit records stay, without name and texts. 404: no record names this user.
        """
        try:
            erasure = erase_person(user_id, actor=principal_of(request).subject)
        except UnknownPerson as error:
            raise NotFound(str(error)) from None
        except KeysChanged as error:
            raise KeysConflict(str(error)) from None
        return Response(ErasureSerializer(erasure).data)
