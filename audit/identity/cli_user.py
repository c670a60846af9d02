"""The actor of management commands."""

from __future__ import annotations

import getpass


def actor() -> str:
    """The operating system's user with a prefix, such as ``cli:deploy``."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return "cli"
