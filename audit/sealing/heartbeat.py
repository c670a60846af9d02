"""A check each minute that what a process recorded is in the log, or on its way there.

The sealer records each check: a canary that has to come back sealed. Other processes record one
only while a record of theirs is not sealed: it names that record (``audit.committed``), which is
then known to be missing even if the process records nothing more.
"""

from __future__ import annotations

import logging
import time
from threading import Thread

from django.db import DatabaseError, InterfaceError, connection

from audit import committed
from audit.models import AuditUnavailable, record

CHECKED = "audit.checked"
SEALER = "sealer"
INTERVAL_SECONDS = 60.0

STATES = """
SELECT id, EXISTS (SELECT FROM audit_record AS r WHERE r.id = own.id),
       EXISTS (SELECT FROM audit_seal AS s WHERE s.record_id = own.id)
  FROM unnest(%s::bigint[]) AS own(id)
"""
LAST_CANARY = """
SELECT extract(epoch FROM now() - r.at) FROM audit_record AS r
 WHERE action = %s AND about = %s AND EXISTS (SELECT FROM audit_seal WHERE record_id = r.id)
 ORDER BY id DESC LIMIT 1
"""

log = logging.getLogger("audit.sealing.heartbeat")


def check(process: str) -> None:
    """Check the records that this process committed. Raises ``AuditUnavailable``."""
    with connection.cursor() as cursor:
        cursor.execute(STATES, [committed.unlisted(limit=None)])
        states = cursor.fetchall()
    committed.forget(record_id for record_id, _, is_sealed in states if is_sealed)
    if lost := [record_id for record_id, is_there, is_sealed in states if not is_there]:
        log.critical(
            "%s audit records were committed, but are not in the table; first: %s; "
            "run manage.py audit_verify",
            *(len(lost), lost[0]),
        )
    if process == SEALER or not all(is_sealed for *_, is_sealed in states):
        record(CHECKED, kind="process", key=process)


def start(process: str) -> None:
    """Check each minute, in a thread that ends with the process."""
    Thread(target=_check_each_minute, args=(process,), name="heartbeat", daemon=True).start()


def _check_each_minute(process: str) -> None:
    while True:
        time.sleep(INTERVAL_SECONDS)
        try:
            check(process)
        except (AuditUnavailable, DatabaseError, InterfaceError) as failure:
            log.warning(
                "the database did not answer, so records are checked again in a minute: %s",
                " ".join(str(failure).split()),
            )
        finally:
            connection.close()


def last_canary() -> float:
    """Seconds since the newest canary that came back sealed; infinite if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_CANARY, [CHECKED, f"process:{SEALER}"])
        row = cursor.fetchone()
    return float(row[0]) if row else float("inf")
