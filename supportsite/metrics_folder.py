"""Where the processes of one site put their numbers, for whichever of them is asked for all.

prometheus_client looks once, when it is first imported: so this comes before, and imports nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

NAME = "PROMETHEUS_MULTIPROC_DIR"

_STATE = Path(__file__).resolve().parent.parent / "var"


def folder() -> Path:
    """One for each port: sites side by side may share the state."""
    state = Path(os.environ.get("STATE_DIR") or _STATE).expanduser().resolve()
    return state / "prometheus" / (os.environ.get("PORT") or "8000")


def is_shared() -> bool:
    return os.environ.get(NAME) == str(folder())


def share() -> None:
    """With this process and all that it starts."""
    where = folder()
    where.mkdir(parents=True, exist_ok=True)
    # An earlier run's process may have had our number.
    for own in _own(where):
        own.unlink(missing_ok=True)
    os.environ[NAME] = str(where)


def forget_earlier_runs() -> None:
    """Leave nothing but this process's numbers. Not while another gunicorn still serves."""
    own = set(_own(folder()))
    for file in folder().iterdir():
        if file not in own:
            file.unlink(missing_ok=True)


def leave() -> None:
    """Take back ``share``: no process to be of the numbers of others."""
    for own in _own(folder()):
        own.unlink(missing_ok=True)
    os.environ.pop(NAME, None)


def _own(where: Path) -> list[Path]:
    return list(where.glob(f"*_{os.getpid()}.db"))
