"""Seal new audit records once a second, for ``audit_seal --loop`` and for the worker."""

from __future__ import annotations

import logging
import time
from threading import Event

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from audit import keys
from audit.advisory_lock import try_lock
from audit.models import AuditUnavailable
from audit.sealing import heartbeat
from audit.sealing.sealer import LOCK, ROUND_RECORDS, CannotSeal, Sealer

ROUND_SECONDS = 1.0
RETRY_SECONDS = 30.0
"""Until the next try after ``CannotSeal``."""

log = logging.getLogger("audit.sealer")


def seal_until(stop: Event) -> None:
    """Return when ``stop`` is set, after a last round. Waits while another process seals.

    If the database is down or the log cannot be sealed, that is logged and tried again. Raises
    ``keys.NoSigningKey``.
    """
    signer = keys.signer()
    try:
        while not stop.is_set():
            try:
                with try_lock(LOCK) as has_lock:
                    if has_lock:
                        _seal_rounds(Sealer(signer, settings.AUDIT_ANCHOR_DIR), stop)
            except CannotSeal as error:
                log.critical("audit records are not sealed: %s; run manage.py audit_verify", error)
                stop.wait(RETRY_SECONDS)
            except (DatabaseError, InterfaceError) as failure:
                log.warning("sealing waits for the database: %s", " ".join(str(failure).split()))
                connection.close()
            stop.wait(ROUND_SECONDS)
    finally:
        # The connection belongs to this thread.
        connection.close()


def _seal_rounds(sealer: Sealer, stop: Event) -> None:
    next_check = 0.0
    while not stop.is_set():
        if time.monotonic() >= next_check:
            next_check = time.monotonic() + heartbeat.INTERVAL_SECONDS
            _check()
        if sealer.round() < ROUND_RECORDS:
            stop.wait(ROUND_SECONDS)
    # For records written while the site was stopping.
    sealer.round()


def _check() -> None:
    try:
        heartbeat.check(heartbeat.SEALER)
    except AuditUnavailable as failure:
        log.critical("the sealer's canary cannot be recorded: %s", failure.__cause__)
