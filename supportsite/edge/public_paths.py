"""Paths for visitors of the help page, who have no client certificate. Public by design.

``deploy/nginx/client_certificates.on.conf`` has the same list.
"""

from __future__ import annotations

from django.conf import settings

HELP_PATHS = ("/help/", "/widget/", "/static/help/")


def is_public(path: str) -> bool:
    """Whether anybody may open the page at this path: only while there is a help page."""
    return settings.HELP_PAGE and path.startswith(HELP_PATHS)


def is_help(path: str) -> bool:
    """Whether an error at this path is shown to a visitor, as a page."""
    return path.startswith("/help/")
