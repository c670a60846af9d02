"""POST /ingest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from audit.principal import Role, principal_of
from faq.ingesting import Report, Result, ingest
from faq.parsers import WholeMultiPartParser
from faq.reading import Unreadable
from faq.serializers import IngestOptionsSerializer, IngestSerializer, ReportSerializer
from faq.sources import read_path, rows_of


class UnreadableFile(APIException):
    """The file has problems; all are listed, nothing was written."""

    status_code = 422
    default_detail = "The file cannot be taken; nothing was changed."

    def __init__(self, found: Unreadable) -> None:
        super().__init__()
        self.problem = {
            "errors": [
                {"row": problem.row, "column": problem.column, "reason": problem.reason}
                for problem in found.problems
            ]
        }


class IngestView(APIView):
    """Read a file of FAQs and publish it as a release: whole or not at all."""

    allowed_roles = frozenset({Role.PUBLISHER})
    parser_classes = (*api_settings.DEFAULT_PARSER_CLASSES, WholeMultiPartParser, FormParser)  # type: ignore[arg-type]

    @extend_schema(
        request={
            MultiPartParser.media_type: IngestSerializer,
            FormParser.media_type: IngestOptionsSerializer,
            JSONParser.media_type: IngestOptionsSerializer,
        },
        responses=ReportSerializer,
    )
    def post(self, request: Request) -> Response:
        wanted = IngestSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        principal = principal_of(request)
        upload, more = fields.get("file"), fields.get("alternates")
        try:
            data = upload.read() if upload else read_path(Path(settings.FAQ_CSV))
            rows = rows_of(data, more.read() if more else None)
        except Unreadable as found:
            raise UnreadableFile(found) from None
        report = ingest(
            rows,
            actor=principal.subject,
            source="an uploaded file" if upload else Path(settings.FAQ_CSV).name,
            retire_missing=fields["retire_missing"],
        )
        return Response(told(report))


def told(report: Report) -> dict[str, Any]:
    return {
        "release": report.release,
        **{result.value: report.count(result) for result in Result},
        "retired": list(report.retired),
        "missing": list(report.missing),
        "rows": [
            {
                "row": report.rows[slug],
                "id": slug,
                "result": result.value,
                "personal": list(report.personal.get(slug, ())),
            }
            for slug, result in report.results.items()
        ],
    }
