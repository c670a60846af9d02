"""Import and export in the admin: upload, look at every row, confirm."""

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
from faq.files.formats import FORMATS, WRITTEN
from faq.files.import_drafts import Existing, Preview, confirm, export, preview
from faq.files.reader import Unreadable
from faq.files.row_outcomes import Outcome
from faq.models import Upload
from faq.releases.drafts import drafts
from faq.releases.publishing import PublishError

KEPT = timedelta(hours=6)
"""How long an upload waits to be confirmed."""

PAGE = 100


class UploadForm(forms.Form):
    file = forms.FileField(widget=UnfoldAdminFileFieldWidget)
    format = forms.ChoiceField(
        choices=[(name, each.title) for name, each in FORMATS.items()],
        widget=UnfoldAdminSelectWidget,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.FILE_UPLOAD_MAX_SIZE:
            raise forms.ValidationError("This is larger than is taken.")
        return file


class ExchangePages:
    """Put before ``ModelAdmin``."""

    admin_site: Any

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """Without an upload the form; with one what would come of it, row by row."""
        if not _may(request, "add") or not _may(request, "change"):
            raise PermissionDenied
        Upload.objects.filter(at__lt=timezone.now() - KEPT).delete()
        form = UploadForm(request.POST or None, request.FILES or None)
        upload = _upload(request)
        if upload is None:
            if request.method == "POST" and form.is_valid():
                return self._keep(request, form)
            return self._page(request, "faq/upload.html", {"form": form, "formats": FORMATS})
        existing = Existing.SKIP if _said(request, "existing") == "skip" else Existing.OVERWRITE
        if "_confirm" in request.POST:
            return self._confirm(request, upload, existing)
        return self._preview(request, upload, existing)

    def export_page(self, request: HttpRequest) -> HttpResponse:
        if not _may(request, "view"):
            raise PermissionDenied
        name = request.GET.get("format", "")
        if name not in WRITTEN:
            raise Http404
        try:
            return download(name)
        except Unreadable as found:
            _tell(request, str(found), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:faq_faq_import"))

    def _keep(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        kept = Upload.keep(
            file.read(),
            name=file.name,
            format=form.cleaned_data["format"],
            by=request.user.get_username(),
        )
        return HttpResponseRedirect(f"?upload={kept.pk}")

    def _preview(self, request: HttpRequest, upload: Upload, existing: Existing) -> HttpResponse:
        try:
            found = preview(upload.content(), format=upload.format, existing=existing)
        except Unreadable as refused:
            upload.delete()
            _tell(request, f"{upload.name} cannot be read: {refused}", messages.ERROR)
            return HttpResponseRedirect(reverse("admin:faq_faq_import"))
        shown = _said(request, "show")
        lines = [line for line in found.lines if not shown or line.outcome == shown]
        return self._page(
            request,
            "faq/preview.html",
            {
                "upload": upload,
                "existing": existing.value,
                "found": found,
                "queues": _queues(found, upload, existing, shown),
                "shown": shown,
                "page": Paginator(lines, PAGE).get_page(request.GET.get("page")),
                "writes": len(found.drafts),
            },
        )

    def _confirm(self, request: HttpRequest, upload: Upload, existing: Existing) -> HttpResponse:
        try:
            written = confirm(
                upload.content(),
                digest=_said(request, "digest"),
                actor=request.user.get_username(),
                source=upload.name,
                format=upload.format,
                existing=existing,
            )
        except PublishError as failure:
            _tell(request, f"Nothing was written: {failure}", messages.ERROR)
            return HttpResponseRedirect(f"?upload={upload.pk}&existing={existing}")
        upload.delete()
        said = f"{len(written)} FAQs were written as drafts: a publisher reviews them."
        _tell(request, said, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:faq_faq_changelist"))

    def _page(self, request: HttpRequest, template: str, more: dict[str, Any]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Import and export",
            "written": [(name, FORMATS[name].title) for name in WRITTEN],
            **more,
        }
        return TemplateResponse(request, template, context)


def download(name: str) -> HttpResponse:
    """Every draft as a file. Raises ``reading.Unreadable`` where the format cannot hold them."""
    chosen = FORMATS[name]
    return HttpResponse(
        export(chosen, drafts()),
        content_type=chosen.media_type,
        headers={"Content-Disposition": f'attachment; filename="faqs.{chosen.extension}"'},
    )


def _queues(found: Preview, upload: Upload, existing: Existing, shown: str) -> list[dict[str, Any]]:
    link = f"?upload={upload.pk}&existing={existing}"
    every = {"title": "All", "count": len(found.lines), "link": link, "open": not shown}
    counts = found.counts()
    return [
        every,
        *(
            {
                "title": outcome.value.capitalize(),
                "count": counts[outcome],
                "link": f"{link}&show={outcome}",
                "open": shown == outcome,
            }
            for outcome in Outcome
        ),
    ]


def _upload(request: HttpRequest) -> Upload | None:
    wanted = _said(request, "upload")
    if not wanted.isdecimal() or len(wanted) > 18:
        return None
    return Upload.objects.filter(
        pk=int(wanted), by=stored_name(request.user.get_username())
    ).first()


def _said(request: HttpRequest, name: str) -> str:
    return str(request.POST.get(name) or request.GET.get(name) or "")


def _may(request: HttpRequest, verb: str) -> bool:
    return request.user.has_perm(f"faq.{verb}_faq")


def _tell(request: HttpRequest, said: str, level: int) -> None:
    messages.add_message(request, level, said)
