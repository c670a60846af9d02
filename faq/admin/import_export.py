"""Import and export in the admin: upload a file, check the preview, confirm.

The worker reads and writes; a page shows its progress.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from audit.people.pseudonyms import stored_name
from faq.downloads import download
from faq.field_labels import field_label
from faq.files.formats import EXPORT_FORMATS, FORMATS
from faq.files.import_drafts import Existing
from faq.files.reader import Unreadable
from faq.files.row_outcomes import Outcome
from faq.import_jobs import IMPORT, KINDS, start_import, start_preview
from faq.models import BackgroundJob, Source, Upload
from faq.sources.importing import answers_in
from faq.sources.jobs import FETCH

UPLOAD_LIFETIME = timedelta(hours=6)
"""Unconfirmed uploads are deleted after this time."""

PAGE_SIZE = 100


class UploadForm(forms.Form):
    """A file of FAQs and its format."""

    file = forms.FileField(widget=UnfoldAdminFileFieldWidget)
    format = forms.ChoiceField(
        choices=[(name, format.title) for name, format in FORMATS.items()],
        widget=UnfoldAdminSelectWidget,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.FILE_UPLOAD_MAX_SIZE:
            raise forms.ValidationError(
                f"The file is larger than {settings.FILE_UPLOAD_MAX_SIZE:,} bytes."
            )
        return file


class ImportExportMixin:
    """Adds the import and export pages. List it before ``ModelAdmin``."""

    admin_site: Any

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """The upload form; after an upload the progress of its job, then the preview."""
        if not _may(request, "add") or not _may(request, "change"):
            raise PermissionDenied
        Upload.objects.filter(at__lt=timezone.now() - UPLOAD_LIFETIME).delete()
        if job := _job(request):
            return self._show(request, job)
        if upload := _upload(request):
            return self._start(request, upload)
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            return self._store(request, form)
        return self._page(request, "faq/upload.html", {"form": form, "formats": FORMATS})

    def export_page(self, request: HttpRequest) -> HttpResponse:
        if not _may(request, "view"):
            raise PermissionDenied
        name = request.GET.get("format", "")
        if name not in EXPORT_FORMATS:
            raise Http404
        try:
            return download(name)
        except Unreadable as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("admin:faq_faq_import"))

    def _store(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        upload = Upload.store(
            file.read(),
            name=file.name,
            format=form.cleaned_data["format"],
            by=request.user.get_username(),
        )
        job = start_preview(upload, Existing.OVERWRITE, by=request.user.get_username())
        return HttpResponseRedirect(f"?job={job.pk}")

    def _start(self, request: HttpRequest, upload: Upload) -> HttpResponse:
        """Preview the upload again, or import it as previewed."""
        existing = Existing.SKIP if request.POST.get("existing") == "skip" else Existing.OVERWRITE
        by = request.user.get_username()
        if "_confirm" in request.POST:
            digest = request.POST.get("digest", "")
            job = start_import(upload, existing, digest=digest, by=by)
        else:
            job = start_preview(upload, existing, by=by)
        return HttpResponseRedirect(f"?job={job.pk}")

    def _show(self, request: HttpRequest, job: BackgroundJob) -> HttpResponse:
        """The job's progress, failure or result."""
        upload = Upload.objects.filter(pk=job.arguments.get("upload"), by=job.by).first()
        source = _source(job, upload)
        context = {
            **{"job": job, "upload": upload, "source": source},
            "job_title": source or upload,
            "existing": job.arguments["existing"],
        }
        if job.state != BackgroundJob.State.DONE:
            return self._page(request, "faq/job.html", context)
        result = job.result
        if job.kind == IMPORT:
            return self._page(request, "faq/imported.html", {**context, "result": result})
        if job.kind == FETCH and "refresh" in result:
            refresh = {**context, "result": result["refresh"]}
            return self._page(request, "faq/refreshed.html", refresh)
        outcome = request.GET.get("show", "")
        rows = [row for row in result["rows"] if not outcome or row["result"] == outcome]
        rows = [{**row, "differs": [*map(field_label, row["differs"])]} for row in rows]
        if source and upload:
            # The user has not read the answers of a source, unlike those of their own file.
            answers = answers_in(upload.content())
            rows = [{**row, "answer": answers.get(row["faq_id"], "")} for row in rows]
        return self._page(
            request,
            "faq/preview.html",
            {
                **context,
                "preview": result,
                "tabs": _tabs(result, job, outcome),
                "outcome": outcome,
                "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
            },
        )

    def _page(self, request: HttpRequest, template: str, extra: dict[str, Any]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Import and export",
            "export_formats": [(name, FORMATS[name].title) for name in EXPORT_FORMATS],
            **extra,
        }
        return TemplateResponse(request, template, context)


def _tabs(result: dict[str, Any], job: BackgroundJob, selected: str) -> list[dict[str, Any]]:
    link = f"?job={job.pk}"
    count = len(result["rows"])
    all_rows = {"title": "All", "count": count, "link": link, "selected": not selected}
    return [
        all_rows,
        *(
            {
                "title": outcome.value.capitalize(),
                "count": result["counts"][outcome],
                "link": f"{link}&show={outcome}",
                "selected": selected == outcome,
            }
            for outcome in Outcome
        ),
    ]


def _job(request: HttpRequest) -> BackgroundJob | None:
    jobs = BackgroundJob.objects.of(request.user.get_username()).filter(kind__in=(*KINDS, FETCH))
    try:
        return jobs.filter(pk=UUID(request.GET.get("job", ""))).first()
    except ValueError:
        return None


def _source(job: BackgroundJob, upload: Upload | None) -> Source | None:
    """The source of an import; None for a file."""
    pk = job.arguments.get("source") or (upload.source_id if upload else None)
    return Source.objects.filter(pk=pk).first() if pk else None


def _upload(request: HttpRequest) -> Upload | None:
    pk = request.POST.get("upload", "")
    if not pk.isdecimal() or len(pk) > 18:
        return None
    return Upload.objects.filter(pk=int(pk), by=stored_name(request.user.get_username())).first()


def _may(request: HttpRequest, verb: str) -> bool:
    return request.user.has_perm(f"faq.{verb}_faq")
