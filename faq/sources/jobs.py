"""Fetch a source in the background: the first time for a preview, then for its changes."""

from __future__ import annotations

from typing import Any

from faq.files.import_drafts import Existing, preview
from faq.files.reader import Unreadable
from faq.import_jobs import report
from faq.jobs import HANDLERS, JobFailed, Progress
from faq.models import BackgroundJob, PhrasingConflict, Source, Upload
from faq.sources.fetching import FetchFailed, Reading
from faq.sources.importing import FORMAT, as_file
from faq.sources.refresh import Result, refresh

FETCH = "faq.fetch_source"


def start_fetch(source: Source, *, by: str) -> BackgroundJob:
    arguments = {"source": source.pk, "existing": Existing.OVERWRITE.value}
    return BackgroundJob.objects.start(FETCH, by=by, **arguments)


def fetch_again(source: Source, *, by: str) -> Result:
    """Read an imported source and write its changes as drafts.

    Raises ``FetchFailed``, which is stored with the source; no FAQ changes then.
    """
    try:
        return refresh(source, _read(source, etag=source.etag), by=by)
    except FetchFailed as failure:
        source.mark_failed(str(failure), by=by)
        raise
    except PhrasingConflict as conflict:
        source.mark_failed(str(conflict), by=by)
        raise FetchFailed(str(conflict)) from None


def _fetch(job: BackgroundJob, progress: Progress) -> dict[str, Any]:
    source = Source.objects.filter(pk=job.arguments["source"]).first()
    if source is None:
        raise JobFailed("The source was deleted.")
    progress(0, 2)
    try:
        if source.is_imported:
            return {"refresh": fetch_again(source, by=job.by).as_dict()}
        reading = _read_first(source, by=job.by)
    except FetchFailed as failure:
        raise JobFailed(f"{source.name} could not be read: {failure}.") from None
    progress(1, 2)
    return _preview(job, source, reading)


def _read(source: Source, *, etag: str = "") -> Reading:
    # Imported here: web processes do not need the parsers.
    from faq.sources.reading import read

    return read(source.address, etag=etag)


def _read_first(source: Source, *, by: str) -> Reading:
    try:
        reading = _read(source)
    except FetchFailed as failure:
        source.mark_failed(str(failure), by=by)
        raise
    source.mark_previewed(reading.hash, by=by)
    return reading


def _preview(job: BackgroundJob, source: Source, reading: Reading) -> dict[str, Any]:
    """The preview of a file, of which the job now has the upload."""
    data = as_file(source, reading.pairs or [])
    Upload.objects.filter(source=source, by=job.by).delete()
    upload = Upload.store(data, name=source.name, format=FORMAT, by=job.by, source=source)
    job.arguments = {**job.arguments, "upload": upload.pk}
    job.save(update_fields=["arguments"])
    try:
        return report(preview(data, format=FORMAT))
    except Unreadable as problems:
        raise JobFailed(f"{source.name} cannot be read: {problems}") from None


def register() -> None:
    HANDLERS[FETCH] = _fetch
