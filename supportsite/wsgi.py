"""The WSGI application that gunicorn serves."""

import os
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

from supportsite.edge.internal_paths import INTERNAL_PATHS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportsite.settings")


class SiteRequest(WSGIRequest):
    """Always decodes UTF-8 and ignores the charset of the Content-Type.

    Django would accept any codec of Python, decompressors included, and some of them raise outside
    of the middleware.
    """

    def get_host(self) -> str:
        """Probes and Prometheus may use any Host header, such as a container's address."""
        return "inside" if self.path in INTERNAL_PATHS else super().get_host()

    @property
    def encoding(self) -> str:
        return "utf-8"

    @encoding.setter
    def encoding(self, value: str) -> None:
        """Ignored."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (LookupError, ValueError):
            # Without a type, a view that needs a body answers 415.
            meta["CONTENT_TYPE"] = ""
            self.content_type, self.content_params = "", {}


application = get_wsgi_application()
application.request_class = SiteRequest
