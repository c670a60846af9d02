"""POST /ingest."""

from __future__ import annotations

from dataclasses import replace
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

from audit.identity.principal import Role, principal_of
from audit.multipart import WholeMultiPartParser
from faq.api.serializers import IngestOptionsSerializer, IngestSerializer, ReportSerializer
from faq.files.import_drafts import Report, ingest
from faq.files.reader import Unreadable
from faq.files.row_outcomes import Line, Outcome, count_outcomes
from faq.files.sources import Source


class UnreadableFile(APIException):
    """422 with every problem of the file; nothing was written."""

    status_code = 422
    default_detail = (
        "Nothing was changed: the file has errors. Correct the rows listed in `errors`."
    )

    def __init__(self, error: Unreadable) -> None:
        super().__init__()
        self.problem = {
            "errors": [
                {"row": problem.row, "column": problem.column, "reason": problem.reason}
                for problem in error.problems
            ]
        }


class IngestView(APIView):
    """Publish a file of FAQs as a release, whole or not at all."""

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
        body = IngestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        principal = principal_of(request)
        upload, alternates_file = fields.get("file"), fields.get("alternates")
        alternates = alternates_file.read() if alternates_file else None
        try:
            if upload:
                source = Source("an uploaded file", upload.read(), alternates)
            else:
                source = replace(Source.at(Path(settings.FAQ_CSV)), alternates=alternates)
            report = ingest(
                source, actor=principal.subject, retire_missing=fields["retire_missing"]
            )
        except Unreadable as error:
            raise UnreadableFile(error) from None
        return Response(report_payload(report))


RESULTS = {Outcome.NEW: "added", Outcome.CHANGED: "changed", Outcome.SAME: "unchanged"}
"""The API's name of each outcome."""


def report_payload(report: Report) -> dict[str, Any]:
    counts = count_outcomes(report.lines)
    return {
        "release": report.release,
        **{result: counts[outcome] for outcome, result in RESULTS.items()},
        "removed_phrasings": report.removed_phrasings,
        "retired": list(report.retired),
        "missing": list(report.missing),
        "notes": list(report.notes),
        "rows": [_row(line) for line in report.lines],
    }


def _row(line: Line) -> dict[str, Any]:
    return {
        "row": line.row,
        "faq_id": line.slug,
        "result": RESULTS[line.outcome],
        "removed_phrasings": line.removed_phrasings,
        "personal": list(line.personal),
        "warnings": list(line.warnings),
    }
