"""TICKETS_CSV: a file that gets each new ticket as a row, as ``GET /tickets.csv`` writes it.

A row is appended after commit, masked like every export. The database is authoritative: if the file
cannot be written, the failure is logged and the ticket stays.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from tickets.export import csv_lines

if TYPE_CHECKING:
    from tickets.models import Ticket

LOCK_SECONDS = 5.0

log = logging.getLogger("tickets.csv_file")


def append(path: str, ticket: Ticket) -> None:
    """Append a row; write the header first if the file is empty. Failures are logged."""
    header, row = csv_lines([ticket])
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=LOCK_SECONDS):
            _append(path, header, row)
    except (OSError, Timeout):
        log.exception("TICKETS_CSV could not be written; ticket %s is in the database", ticket.pk)


def _append(path: str, header: str, row: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        data = (row if size else header + row).encode()
        # On a full disk a part of the row may be written; the next row would be appended to it.
        if os.write(descriptor, data) != len(data):
            os.ftruncate(descriptor, size)
            raise OSError("only a part of the row fits on the disk")
    finally:
        os.close(descriptor)
