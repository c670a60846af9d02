"""POST /imports and GET /faqs.FORMAT: files of FAQs in and out, as drafts."""

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
from faq.admin.import_export import download
from faq.api.drafts import CURATORS
from faq.api.ingest import UnreadableFile
from faq.api.multipart import WholeMultiPartParser
from faq.files.formats import FORMATS, WRITTEN
from faq.files.import_drafts import Existing, confirm, preview
from faq.files.reader import Unreadable
from faq.files.row_outcomes import Outcome


class ImportSerializer(serializers.Serializer[dict[str, Any]]):
    file = serializers.FileField(allow_empty_file=True)
    format = serializers.ChoiceField(choices=sorted(FORMATS), default="csv")
    existing = serializers.ChoiceField(
        choices=[each.value for each in Existing],
        default=Existing.OVERWRITE.value,
        help_text="What to do with FAQs that are there and say something else.",
    )
    confirm = serializers.CharField(
        max_length=64,
        default="",
        allow_blank=True,
        help_text="The digest of the preview; without it nothing is written.",
    )


class LineSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    id = serializers.CharField(source="slug")
    result = serializers.ChoiceField(choices=[each.value for each in Outcome], source="outcome")
    reason = serializers.CharField()
    differs = serializers.ListField(child=serializers.CharField())
    removed_phrasings = serializers.IntegerField(
        help_text="Alternate questions that the FAQ has and the row does not have."
    )
    personal = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="Such as a text in a wrong encoding."
    )


class PreviewSerializer(serializers.Serializer[Any]):
    """What an import would do, or, confirmed, did."""

    written = serializers.ListField(child=serializers.CharField())
    digest = serializers.CharField(help_text="Send the file again with confirm= this.")
    counts = serializers.DictField(child=serializers.IntegerField())
    removed_phrasings = serializers.IntegerField()
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="What of the file is left out."
    )
    rows = LineSerializer(many=True)


class ImportsView(APIView):
    allowed_roles = CURATORS
    parser_classes = (WholeMultiPartParser,)

    @extend_schema(
        request={WholeMultiPartParser.media_type: ImportSerializer}, responses=PreviewSerializer
    )
    def post(self, request: Request) -> Response:
        """Look at a file row by row; with ``confirm``, write it as drafts.

        409 if FAQs changed since the preview, 422 if the file has no rows to look at.
        """
        wanted = ImportSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        data = fields["file"].read()
        how = {"format": fields["format"], "existing": Existing(fields["existing"])}
        try:
            found = preview(data, **how)
            written: tuple[str, ...] = ()
            if fields["confirm"]:
                written = confirm(
                    data,
                    digest=fields["confirm"],
                    actor=principal_of(request).subject,
                    source="an uploaded file",
                    **how,
                )
        except Unreadable as refused:
            raise UnreadableFile(refused) from None
        return Response(
            {
                "written": list(written),
                "digest": found.digest,
                "counts": found.counts(),
                "removed_phrasings": found.removed_phrasings,
                "notes": found.notes,
                "rows": LineSerializer(found.lines, many=True).data,
            }
        )


class ExportView(APIView):
    allowed_roles = CURATORS

    @extend_schema(
        responses={
            (200, FORMATS[name].media_type): OpenApiResponse(OpenApiTypes.BINARY)
            for name in WRITTEN
        }
    )
    def get(self, request: Request, kind: str) -> HttpResponse:
        """Every draft as csv, xlsx or json; importing it again changes nothing."""
        if kind not in WRITTEN:
            raise NotFound(f"There is {', '.join(WRITTEN)}.")
        try:
            return download(kind)
        except Unreadable as refused:
            raise UnreadableFile(refused) from None
