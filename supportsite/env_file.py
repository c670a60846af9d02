"""``.env`` at the root: environment variables for a local site. The environment wins.

``ENV_FILE`` names another file. The image has none: a container gets its own variables.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent


@cache
def load() -> tuple[str, ...]:
    """Load the file into ``os.environ``, once per process; returns its names."""
    variables = {name: value for name, value in dotenv_values(path()).items() if value is not None}
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    return tuple(variables)


def path() -> Path:
    return Path(os.environ.get("ENV_FILE") or ROOT / ".env")
