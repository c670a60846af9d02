"""The WSGI application that gunicorn serves."""

import os
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

from supportsite.edge.internal_paths import INSIDE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportsite.settings")


class SiteRequest(WSGIRequest):
    """Reads UTF-8, whatever charset the caller's Content-Type names.

    Django decodes with every codec Python has, decompressors included; for some it raises where no
    middleware can answer any more.
    """

    def get_host(self) -> str:
        """Probes and scrapes may name the site as they like: they use a container's address."""
        return "inside" if self.path in INSIDE else super().get_host()

    @property
    def encoding(self) -> str:
        return "utf-8"

    @encoding.setter
    def encoding(self, named: str) -> None:
        """Ignored."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (LookupError, ValueError):
            # As good as no type: a view that takes a body answers 415.
            meta["CONTENT_TYPE"] = ""
            self.content_type, self.content_params = "", {}


application = get_wsgi_application()
application.request_class = SiteRequest
