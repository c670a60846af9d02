"""Paths for callers without a client certificate. Public by design.

Visitors of the help page, and Slack, Telegram and other channels, which sign what they send.

``deploy/nginx/client_certificates.on.conf`` has the same list.
"""

from __future__ import annotations

from django.conf import settings

HELP_PATHS = ("/help/", "/widget/", "/static/help/")
CHANNEL_PATHS = ("/channels/",)


def is_public(path: str) -> bool:
    """Whether nobody needs a certificate at this path; for the help page, only if there is one."""
    return path.startswith(CHANNEL_PATHS) or (settings.HELP_PAGE and path.startswith(HELP_PATHS))


def is_help(path: str) -> bool:
    """Whether an error at this path is shown to a visitor, as a page."""
    return path.startswith("/help/")
