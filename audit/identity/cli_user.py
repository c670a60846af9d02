"""Who acts when a management command does."""

from __future__ import annotations

import getpass


def actor() -> str:
    """The operating system's user, marked as such, as in ``cli:deploy``."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return "cli"
