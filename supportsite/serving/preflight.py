"""Before the site serves: share metrics, check the settings, load the model."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (the folder in it is this user's own)
BASE_DIR = Path(__file__).resolve().parent.parent.parent


def share_metrics() -> None:
    """Set PROMETHEUS_MULTIPROC_DIR, where all processes of the site write their metrics.

    prometheus_client reads the variable when it is first imported, so this comes before Django.
    Raises SystemExit with a one-line message if the folder cannot be created.
    """
    folder = metrics_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        sys.exit(f"Not started: {folder} cannot be created ({error.strerror}). Set STATE_DIR.")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def metrics_folder() -> Path:
    """The folder of this site's metrics: one per STATE_DIR and port, in memory if possible.

    The files are mapped into memory, and a write to such a file on a full disk ends the process
    with SIGBUS.
    """
    state = Path(os.environ.get("STATE_DIR") or BASE_DIR / "var").expanduser().resolve()
    port = os.environ.get("PORT") or "8000"
    site = sha256(os.fsencode(state)).hexdigest()[:16]
    folder = SHARED_MEMORY / f"supportsite-{os.getuid()}" / f"{site}-{port}"
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        if folder.parent.stat().st_uid == os.getuid():
            return folder
    except OSError:
        pass
    return state / "prometheus" / port


def reset_metrics() -> None:
    """Remove the metrics of an earlier run. This process may be writing its own already."""
    for file in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db"):
        if not file.stem.endswith(f"_{os.getpid()}"):
            file.unlink(missing_ok=True)


def remove_metrics() -> None:
    """Delete the folder of metrics when the site stops: its files occupy memory."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def startup_errors() -> list[str]:
    """Errors in settings and system checks that prevent a start, one line each. Sets up Django."""
    import django
    from django.core.checks import run_checks
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportsite.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        return [str(error)]
    errors = [check for check in run_checks() if check.is_serious() and not check.is_silenced()]
    return [f"{error.msg} {error.hint or ''} ({error.id})" for error in errors]


def run() -> None:
    """Prepare a start of gunicorn. Raises SystemExit with ``startup_errors``, if any."""
    share_metrics()
    reset_metrics()
    if errors := startup_errors():
        sys.exit("\n".join(f"Not started: {line}" for line in errors))


def load() -> None:
    """Load the model and the live release, which workers then share as forks of this process.

    Raises SystemExit with a one-line message if a dependency is unavailable.
    """
    from django.db import DatabaseError, connections

    from assistant import wiring
    from assistant.interfaces import Unavailable

    try:
        wiring.index()
        wiring.warm_up()
    except (Unavailable, DatabaseError) as failure:
        sys.exit(" ".join(str(failure).split()))
    finally:
        connections.close_all()
    # Workers share only pages that are not written to, and the garbage collector writes to objects.
    gc.freeze()
