"""GET /audit, for auditors."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.models import Record
from audit.principal import Role
from audit.serializers import RecordFilterSerializer, RecordListSerializer, RecordSerializer

FILTERS = {
    "action": "action",
    "actor": "actor",
    "about": "about",
    "since": "at__gte",
    "until": "at__lt",
    "before": "pk__lt",
}


class AuditView(APIView):
    allowed_roles = frozenset({Role.AUDITOR})

    @extend_schema(parameters=[RecordFilterSerializer], responses=RecordListSerializer)
    def get(self, request: Request) -> Response:
        """Audit records, newest first."""
        wanted = RecordFilterSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        chosen = {lookup: fields[name] for name, lookup in FILTERS.items() if name in fields}
        page = list(Record.objects.filter(**chosen).order_by("-id")[: fields["limit"]])
        more = page[-1].pk if len(page) == fields["limit"] else None
        return Response({"results": RecordSerializer(page, many=True).data, "next": more})
