"""Import a file of FAQs in the background: preview it, or save the previewed drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from audit.people.encryption import DecryptionError
from faq.files.import_drafts import Existing, Preview, confirm, preview
from faq.files.reader import Unreadable
from faq.jobs import HANDLERS, JobFailed, Progress
from faq.models import BackgroundJob, Upload
from faq.releases.publishing import PublishError
from faq.sources.importing import link
from faq.write_lock import lock_knowledge_base

PREVIEW, IMPORT = "faq.preview", "faq.import"
KINDS = (PREVIEW, IMPORT)


def start_preview(upload: Upload, existing: Existing, *, by: str) -> BackgroundJob:
    arguments = {"upload": upload.pk, "existing": existing.value}
    return BackgroundJob.objects.start(PREVIEW, by=by, **arguments)


def start_import(upload: Upload, existing: Existing, *, digest: str, by: str) -> BackgroundJob:
    """``digest``: of the preview that was confirmed."""
    arguments = {"upload": upload.pk, "existing": existing.value, "digest": digest}
    return BackgroundJob.objects.start(IMPORT, by=by, **arguments)


def report(result: Preview, written: Sequence[str] = ()) -> dict[str, Any]:
    """What an import would do, or did, JSON-able: the reply of the API and a job's result."""
    return {
        "written": list(written),
        "digest": result.digest,
        "counts": result.counts(),
        "removed_phrasings": result.removed_phrasings,
        "notes": result.notes,
        "drafts": len(result.drafts),
        "rows": [_row(asdict(line)) for line in result.lines],
    }


def _row(line: dict[str, Any]) -> dict[str, Any]:
    row, slug, outcome = line.pop("row"), line.pop("slug"), line.pop("outcome")
    return {"row": row, "faq_id": slug, "result": outcome.value, **line}


def _preview(job: BackgroundJob, progress: Progress) -> dict[str, Any]:
    upload, existing = _arguments(job)
    progress(0, 1)
    try:
        return report(preview(_content(upload), format=upload.format, existing=existing))
    except Unreadable as problems:
        upload.delete()
        raise JobFailed(f"{upload.name} cannot be read: {problems}") from None


def _import(job: BackgroundJob, progress: Progress) -> dict[str, Any]:
    upload, existing = _arguments(job)
    data = _content(upload)
    progress(0, 2)
    try:
        result = preview(data, format=upload.format, existing=existing)
        progress(1, 2)
        with lock_knowledge_base():
            written = confirm(
                data,
                digest=job.arguments["digest"],
                actor=job.by,
                source=upload.source.url if upload.source else upload.name,
                format=upload.format,
                existing=existing,
            )
            if upload.source:
                link(upload.source, data, by=job.by)
    except Unreadable as problems:
        raise JobFailed(f"{upload.name} cannot be read: {problems}") from None
    except PublishError as failure:
        raise JobFailed(f"Nothing was written: {failure}") from None
    upload.delete()
    return report(result, written)


def _arguments(job: BackgroundJob) -> tuple[Upload, Existing]:
    upload = Upload.objects.filter(pk=job.arguments["upload"], by=job.by).first()
    if upload is None:
        raise JobFailed("The uploaded file was deleted. Upload it again.")
    return upload, Existing(job.arguments["existing"])


def _content(upload: Upload) -> bytes:
    try:
        return upload.content()
    except DecryptionError:
        raise JobFailed("The uploaded file cannot be decrypted any more.") from None


def register() -> None:
    HANDLERS[PREVIEW] = _preview
    HANDLERS[IMPORT] = _import
