"""Import and export in the admin: upload a file, check the preview, confirm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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
from faq.files.formats import EXPORT_FORMATS, FORMATS
from faq.files.import_drafts import Existing, Preview, confirm, preview
from faq.files.reader import Unreadable
from faq.files.row_outcomes import Outcome
from faq.models import Upload
from faq.releases.publishing import PublishError

UPLOAD_LIFETIME = timedelta(hours=6)
"""Unconfirmed uploads are deleted after this time."""

PAGE_SIZE = 100


class UploadForm(forms.Form):
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
        """The upload form or, after an upload, the preview."""
        if not _may(request, "add") or not _may(request, "change"):
            raise PermissionDenied
        Upload.objects.filter(at__lt=timezone.now() - UPLOAD_LIFETIME).delete()
        form = UploadForm(request.POST or None, request.FILES or None)
        upload = _upload(request)
        if upload is None:
            if request.method == "POST" and form.is_valid():
                return self._store(request, form)
            return self._page(request, "faq/upload.html", {"form": form, "formats": FORMATS})
        existing = (
            Existing.SKIP if _parameter(request, "existing") == "skip" else Existing.OVERWRITE
        )
        if "_confirm" in request.POST:
            return self._confirm(request, upload, existing)
        return self._preview(request, upload, existing)

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
        return HttpResponseRedirect(f"?upload={upload.pk}")

    def _preview(self, request: HttpRequest, upload: Upload, existing: Existing) -> HttpResponse:
        try:
            result = preview(upload.content(), format=upload.format, existing=existing)
        except Unreadable as error:
            upload.delete()
            messages.error(request, f"{upload.name} cannot be read: {error}")
            return HttpResponseRedirect(reverse("admin:faq_faq_import"))
        outcome = _parameter(request, "show")
        lines = [line for line in result.lines if not outcome or line.outcome == outcome]
        return self._page(
            request,
            "faq/preview.html",
            {
                "upload": upload,
                "existing": existing.value,
                "preview": result,
                "tabs": _tabs(result, upload, existing, outcome),
                "outcome": outcome,
                "page": Paginator(lines, PAGE_SIZE).get_page(request.GET.get("page")),
                "draft_count": len(result.drafts),
            },
        )

    def _confirm(self, request: HttpRequest, upload: Upload, existing: Existing) -> HttpResponse:
        try:
            written = confirm(
                upload.content(),
                digest=_parameter(request, "digest"),
                actor=request.user.get_username(),
                source=upload.name,
                format=upload.format,
                existing=existing,
            )
        except PublishError as failure:
            messages.error(request, f"Nothing was written: {failure}")
            return HttpResponseRedirect(f"?upload={upload.pk}&existing={existing}")
        upload.delete()
        messages.success(
            request, f"{len(written)} FAQs were saved as drafts. A publisher can review them now."
        )
        return HttpResponseRedirect(reverse("admin:faq_faq_changelist"))

    def _page(self, request: HttpRequest, template: str, extra: dict[str, Any]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Import and export",
            "export_formats": [(name, FORMATS[name].title) for name in EXPORT_FORMATS],
            **extra,
        }
        return TemplateResponse(request, template, context)


def _tabs(
    result: Preview, upload: Upload, existing: Existing, selected: str
) -> list[dict[str, Any]]:
    link = f"?upload={upload.pk}&existing={existing}"
    every = {"title": "All", "count": len(result.lines), "link": link, "selected": not selected}
    counts = result.counts()
    return [
        every,
        *(
            {
                "title": outcome.value.capitalize(),
                "count": counts[outcome],
                "link": f"{link}&show={outcome}",
                "selected": selected == outcome,
            }
            for outcome in Outcome
        ),
    ]


def _upload(request: HttpRequest) -> Upload | None:
    pk = _parameter(request, "upload")
    if not pk.isdecimal() or len(pk) > 18:
        return None
    return Upload.objects.filter(pk=int(pk), by=stored_name(request.user.get_username())).first()


def _parameter(request: HttpRequest, name: str) -> str:
    return str(request.POST.get(name) or request.GET.get(name) or "")


def _may(request: HttpRequest, verb: str) -> bool:
    return request.user.has_perm(f"faq.{verb}_faq")
