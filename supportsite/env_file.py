"""``.env`` at the root: variables for whoever starts the site by hand. The environment wins.

``ENV_FILE`` names another file. The image has none: a container's variables are its own.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent


@cache
def load() -> tuple[str, ...]:
    """Put what the file says into ``os.environ``; the names in it. Reads it once a process."""
    variables = {name: value for name, value in dotenv_values(path()).items() if value is not None}
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    return tuple(variables)


def path() -> Path:
    return Path(os.environ.get("ENV_FILE") or ROOT / ".env")
