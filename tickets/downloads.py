"""Responses that carry an attachment, so that no browser shows or runs it."""

from __future__ import annotations

from io import BytesIO

from django.http import FileResponse

from tickets.attachments import Attachment


def download(attachment: Attachment, *, by: str) -> FileResponse:
    """The file, as an attachment; records that ``by`` read it."""
    data = attachment.data
    attachment.record_download(by=by)
    response = FileResponse(
        BytesIO(data),
        as_attachment=True,
        filename=attachment.name or "file",
        content_type=attachment.media_type,
    )
    # If somebody opens it in a browser anyway, nothing in it is loaded or run.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
