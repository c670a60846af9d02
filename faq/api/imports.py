"""POST /imports and GET /faqs.FORMAT: import and export drafts as files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.identity.principal import principal_of
from audit.multipart import WholeMultiPartParser
from faq.api.drafts import CURATORS
from faq.api.ingest import UnreadableFile
from faq.downloads import download
from faq.files.formats import EXPORT_FORMATS, FORMATS
from faq.files.import_drafts import Existing, confirm, preview
from faq.files.reader import Unreadable
from faq.files.row_outcomes import Outcome
from faq.import_jobs import KINDS, report, start_import, start_preview
from faq.models import BackgroundJob, Upload


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
    faq_id = serializers.CharField()
    question = serializers.CharField()
    result = serializers.ChoiceField(choices=[outcome.value for outcome in Outcome])
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
    drafts = serializers.IntegerField(help_text="FAQs that a confirmation would write.")
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="Parts of the file that are ignored."
    )
    rows = LineSerializer(many=True)


class JobSerializer(serializers.Serializer[Any]):
    """An import in the background."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    state = serializers.ChoiceField(choices=BackgroundJob.State.values)
    done = serializers.IntegerField()
    total = serializers.IntegerField(help_text="0: not known yet.")
    error = serializers.CharField(help_text="Why it failed; empty otherwise.")
    result = PreviewSerializer(allow_null=True)


class ImportsView(APIView):
    allowed_roles = CURATORS
    parser_classes = (WholeMultiPartParser,)

    @extend_schema(
        request={WholeMultiPartParser.media_type: ImportSerializer},
        parameters=[
            OpenApiParameter(
                "Prefer",
                location=OpenApiParameter.HEADER,
                description="`respond-async` (RFC 7240): answer 202 with a job to poll.",
            )
        ],
        responses={200: PreviewSerializer, 202: JobSerializer},
    )
    def post(self, request: Request) -> Response:
        """Preview a file row by row; with ``confirm``, write it as drafts.

        409 if FAQs changed since the preview, 422 if the file cannot be read. With the header
        ``Prefer: respond-async`` the worker does it, and ``Location`` is the URL to poll.
        """
        body = ImportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        actor = principal_of(request).subject
        if _prefers_job(request):
            return _accepted(_start(fields, actor))
        data = fields["file"].read()
        options = {"format": fields["format"], "existing": Existing(fields["existing"])}
        try:
            result = preview(data, **options)
            written: tuple[str, ...] = ()
            if fields["confirm"]:
                written = confirm(
                    data,
                    digest=fields["confirm"],
                    actor=actor,
                    source="an uploaded file",
                    **options,
                )
        except Unreadable as error:
            raise UnreadableFile(error) from None
        return Response(report(result, written))


def _prefers_job(request: Request) -> bool:
    preferences = request.headers.get("Prefer", "").split(",")
    return "respond-async" in (preference.strip().casefold() for preference in preferences)


def _start(fields: dict[str, Any], actor: str) -> BackgroundJob:
    existing = Existing(fields["existing"])
    upload = Upload.store(
        fields["file"].read(), name="an uploaded file", format=fields["format"], by=actor
    )
    if fields["confirm"]:
        return start_import(upload, existing, digest=fields["confirm"], by=actor)
    return start_preview(upload, existing, by=actor)


def _accepted(job: BackgroundJob) -> Response:
    headers = {"Location": f"/jobs/{job.pk}", "Preference-Applied": "respond-async"}
    return Response(_job_payload(job), status=status.HTTP_202_ACCEPTED, headers=headers)


def _job_payload(job: BackgroundJob) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "kind": job.kind,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "error": job.error,
        "result": job.result or None,
    }


class JobView(APIView):
    allowed_roles = CURATORS

    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        """The progress and result of a background import; only for the caller who started it."""
        jobs = BackgroundJob.objects.of(principal_of(request).subject)
        job = jobs.filter(pk=job_id, kind__in=KINDS).first()
        if job is None:
            raise NotFound("You have no job with this id. Jobs are deleted after 7 days.")
        return Response(_job_payload(job))


class ExportView(APIView):
    allowed_roles = CURATORS

    @extend_schema(
        responses={
            (200, FORMATS[name].media_type): OpenApiResponse(
                OpenApiTypes.STR if name == "csv" else OpenApiTypes.BINARY
            )
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
