"""Checkpoints in files, where somebody who changes the database cannot change them too.

At most one a second: ``latest.txt`` holds the newest, and a file per day holds them all.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from django.utils import timezone
from prometheus_client import Counter

from audit.log_format.checkpoint import BadNote, Checkpoint, PublicKey, notes_in

LOST = Counter("audit_anchors_lost", "Checkpoints that could not be written to AUDIT_ANCHOR_DIR.")

log = logging.getLogger("audit.sealing.anchors")


def write(folder: Path, note: str) -> None:
    """Append the checkpoint to today's file, and replace ``latest.txt``.

    A failure is only logged and counted: the log stream and the next checkpoint cover it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        today = folder / f"{timezone.now():%Y-%m-%d}.txt"
        descriptor = os.open(today, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        with os.fdopen(descriptor, "w") as file:
            file.write(note + "\n")
        latest = folder / "latest.txt.new"
        latest.write_text(note)
        latest.replace(folder / "latest.txt")
    except OSError:
        LOST.inc()
        log.exception(
            "a checkpoint could not be written to AUDIT_ANCHOR_DIR; "
            "check that the folder exists, is writable and has space"
        )


def read(file: Path, key: PublicKey) -> list[Checkpoint]:
    """The checkpoints of a file, each signed by ``key``. Raises ``BadNote`` or ``OSError``."""
    checkpoints = [Checkpoint.parse(key.verified_text(note)) for note in notes_in(file.read_text())]
    if not checkpoints:
        raise BadNote(f"{file} holds no checkpoint")
    return checkpoints
