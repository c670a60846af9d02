"""GET /tickets.csv."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from audit.identity.principal import principal_of
from audit.models import record
from tickets.access import DESK, apply_filters, visible
from tickets.export import csv_response
from tickets.serializers import SelectionSerializer


class CsvRenderer(BaseRenderer):
    """For content negotiation only: the view streams its reply itself."""

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
        query = SelectionSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        fields, principal = query.validated_data, principal_of(request)
        tickets = apply_filters(visible(principal, fields.get("user_id")), fields)
        filters = {name: str(value) for name, value in fields.items() if value is not None}
        record("tickets.exported", actor=principal.subject, data={"filters": filters})
        return csv_response(tickets.order_by("id"))
