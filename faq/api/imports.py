"""POST /imports and GET /faqs.FORMAT: import and export drafts as files."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.identity.principal import principal_of
from faq.api.drafts import CURATORS
from faq.api.ingest import UnreadableFile
from faq.api.multipart import WholeMultiPartParser
from faq.downloads import download
from faq.files.formats import EXPORT_FORMATS, FORMATS
from faq.files.import_drafts import Existing, confirm, preview
from faq.files.reader import Unreadable
from faq.files.row_outcomes import Outcome


class ImportSerializer(serializers.Serializer[dict[str, Any]]):
    file = serializers.FileField(allow_empty_file=True)
    format = serializers.ChoiceField(choices=sorted(FORMATS), default="csv")
    existing = serializers.ChoiceField(
        choices=[option.value for option in Existing],
        default=Existing.OVERWRITE.value,
        help_text="What to do with existing FAQs that differ from the file.",
    )
    confirm = serializers.CharField(
        max_length=64,
        default="",
        allow_blank=True,
        help_text="`digest` of the preview. Without it, nothing is written.",
    )


class LineSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    faq_id = serializers.CharField(source="slug")
    result = serializers.ChoiceField(
        choices=[outcome.value for outcome in Outcome], source="outcome"
    )
    reason = serializers.CharField()
    differs = serializers.ListField(child=serializers.CharField())
    removed_phrasings = serializers.IntegerField(
        help_text="Alternate questions of the FAQ that the row does not have."
    )
    personal = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="For example a text in a wrong encoding."
    )


class PreviewSerializer(serializers.Serializer[Any]):
    """What an import would do, or did if it was confirmed."""

    written = serializers.ListField(child=serializers.CharField())
    digest = serializers.CharField(
        help_text="Send the file again with this as `confirm` to write the drafts."
    )
    counts = serializers.DictField(child=serializers.IntegerField())
    removed_phrasings = serializers.IntegerField()
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="Parts of the file that are ignored."
    )
    rows = LineSerializer(many=True)


class ImportsView(APIView):
    allowed_roles = CURATORS
    parser_classes = (WholeMultiPartParser,)

    @extend_schema(
        request={WholeMultiPartParser.media_type: ImportSerializer}, responses=PreviewSerializer
    )
    def post(self, request: Request) -> Response:
        """Preview a file row by row; with ``confirm``, write it as drafts.

        409 if FAQs changed since the preview, 422 if the file cannot be read.
        """
        body = ImportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        data = fields["file"].read()
        options = {"format": fields["format"], "existing": Existing(fields["existing"])}
        try:
            result = preview(data, **options)
            written: tuple[str, ...] = ()
            if fields["confirm"]:
                written = confirm(
                    data,
                    digest=fields["confirm"],
                    actor=principal_of(request).subject,
                    source="an uploaded file",
                    **options,
                )
        except Unreadable as error:
            raise UnreadableFile(error) from None
        return Response(
            {
                "written": list(written),
                "digest": result.digest,
                "counts": result.counts(),
                "removed_phrasings": result.removed_phrasings,
                "notes": result.notes,
                "rows": LineSerializer(result.lines, many=True).data,
            }
        )


class ExportView(APIView):
    allowed_roles = CURATORS

    @extend_schema(
        responses={
            (200, FORMATS[name].media_type): OpenApiResponse(OpenApiTypes.BINARY)
            for name in EXPORT_FORMATS
        }
    )
    def get(self, request: Request, kind: str) -> HttpResponse:
        """Download all drafts as csv, xlsx or json. Importing the file again changes nothing."""
        if kind not in EXPORT_FORMATS:
            raise NotFound(f"Unknown format. Use one of {', '.join(EXPORT_FORMATS)}.")
        try:
            return download(kind)
        except Unreadable as error:
            raise UnreadableFile(error) from None
