"""AUDIT_FILE: a copy of every record as a JSON line, for tools that follow files.

It is written after the commit, so it has no records that were rolled back. The table is
authoritative: if the file cannot be written, this is logged and counted, and the request succeeds.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from prometheus_client import Counter

LINES_LOST = Counter("audit_file_lines_lost", "Records that could not be appended to AUDIT_FILE.")

log = logging.getLogger("audit.audit_file")


def append(path: str, fact: dict[str, Any]) -> None:
    """Append one line. A lock on the file keeps the lines of several processes apart."""
    line = json.dumps(fact, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            flock(descriptor, LOCK_EX)
            _write(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError:
        LINES_LOST.inc()
        log.exception(
            "AUDIT_FILE could not be written; record %s is in the table. Check the file's folder.",
            fact["id"],
        )


def _write(descriptor: int, line: bytes) -> None:
    """The whole line or nothing. Raises ``OSError``."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        # The machine stopped in the middle of a line.
        line = b"\n" + line
    # On a full disk, write() may write a part of the line without an error.
    if os.write(descriptor, line) != len(line):
        os.ftruncate(descriptor, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
