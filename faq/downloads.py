"""All drafts as a file to download, for the admin and the API."""

from __future__ import annotations

from django.http import HttpResponse

from faq.files.formats import FORMATS
from faq.files.import_drafts import export
from faq.releases.drafts import drafts


def download(name: str) -> HttpResponse:
    """All drafts as a file. Raises ``reader.Unreadable`` if the format cannot hold them."""
    format = FORMATS[name]
    return HttpResponse(
        export(format, drafts()),
        content_type=format.media_type,
        headers={"Content-Disposition": f'attachment; filename="faqs.{format.extension}"'},
    )
