"""Append new records to the log, and sign a checkpoint of it.

One sealer works at a time, under an advisory lock. A round seals every committed record that is not
sealed yet, never a range of ids: ids are assigned before the commit, so a record with a lower id
can appear after others are sealed.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from audit import keys
from audit.log_format import chain
from audit.log_format.checkpoint import BadNote, Checkpoint, Signer
from audit.log_format.merkle import Frontier, HashMismatch
from audit.models import Seal, SignedCheckpoint
from audit.sealing import anchors, log_reader

LOCK = 0x5355_5050_0002
"""The advisory lock of the one sealer; any number that no other code of this project uses."""

ROUND_RECORDS = 20_000
"""At most this many records per checkpoint, so that a backlog is sealed in batches."""

GAPS_WATCHED = 10_000
SWEEP_SECONDS = 300.0
"""Interval of full scans, for records whose gap is no longer watched."""

SELECT_NEW = """
SELECT id, sha256('\\x00'::bytea || canonical), mac, at FROM audit_record
 WHERE id > %s OR id = ANY(%s) ORDER BY id LIMIT %s
"""
SELECT_ALL = """
SELECT id, sha256('\\x00'::bytea || canonical), mac, at FROM audit_record
 WHERE NOT EXISTS (SELECT FROM audit_seal WHERE record_id = audit_record.id)
 ORDER BY id LIMIT %s
"""
SELECT_HIGHEST = "SELECT coalesce(max(record_id), 0) FROM audit_seal"
UNSEALED_IDS = """
SELECT id FROM generate_series(greatest(%s - %s, 1), %s) AS id
 WHERE NOT EXISTS (SELECT FROM audit_seal WHERE record_id = id)
"""
SELECT_OLDEST_AGE = """
SELECT greatest(extract(epoch FROM now() - at), 0) FROM audit_record
 WHERE id > (SELECT coalesce(max(record_id), 0) FROM audit_seal) ORDER BY id LIMIT 1
"""
COPY_SEALS = "COPY audit_seal (sequence, record_id, leaf, chain) FROM STDIN (FORMAT BINARY)"

log = logging.getLogger("audit.sealer")


class CannotSeal(Exception):
    """The log differs from its last checkpoint; sealing more records would hide that."""


def oldest_unsealed() -> float:
    """The age of the oldest unsealed record, in seconds; 0 if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(SELECT_OLDEST_AGE)
        row = cursor.fetchone()
    return float(row[0]) if row else 0.0


@dataclass
class Sealer:
    """Seals in rounds, from the end of the log. The constructor raises ``CannotSeal``."""

    signer: Signer
    anchor_dir: Path
    tree: Frontier = field(init=False)
    chain: bytes = field(init=False)
    _highest: int = field(init=False)
    _gaps: set[int] = field(init=False)
    _last_sweep: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        self.tree, self.chain = end_of_log(self.signer)
        with connection.cursor() as cursor:
            cursor.execute(SELECT_HIGHEST)
            self._highest = cursor.fetchone()[0]
            cursor.execute(UNSEALED_IDS, [self._highest, GAPS_WATCHED, self._highest])
            self._gaps = {row[0] for row in cursor.fetchall()}

    def round(self) -> int:
        """Seal the unsealed records; the number of them.

        One transaction: after an exception, the next round starts again from the same state.
        """
        is_sweep = time.monotonic() - self._last_sweep > SWEEP_SECONDS
        with transaction.atomic():
            unsealed = self._unsealed(is_sweep)
            if unsealed:
                tree, chained = self._seal([row[:3] for row in unsealed])
                note = self.signer.note(Checkpoint(tree.size, tree.root()).text())
                SignedCheckpoint.objects.create(size=tree.size, note=note, frontier=tree.as_bytes())
        if is_sweep and len(unsealed) < ROUND_RECORDS:
            self._last_sweep = time.monotonic()
        if not unsealed:
            return 0
        self.tree, self.chain = tree, chained
        self._watch([row[0] for row in unsealed])
        self._publish(note, oldest=timezone.now() - min(row[3] for row in unsealed))
        return len(unsealed)

    def _unsealed(self, is_sweep: bool) -> list[tuple[int, bytes, bytes, datetime]]:
        with connection.cursor() as cursor:
            if is_sweep:
                cursor.execute(SELECT_ALL, [ROUND_RECORDS])
            else:
                cursor.execute(SELECT_NEW, [self._highest, list(self._gaps), ROUND_RECORDS])
            return [(pk, bytes(leaf), bytes(mac), at) for pk, leaf, mac, at in cursor.fetchall()]

    def _seal(self, unsealed: list[tuple[int, bytes, bytes]]) -> tuple[Frontier, bytes]:
        tree, chained = self.tree.copy(), self.chain
        mac_key = keys.mac_key()
        foreign = [pk for pk, leaf, mac in unsealed if chain.mac(mac_key, leaf) != mac]
        if foreign:
            # Sealed all the same: audit_verify reports them.
            log.error(
                "%s records were changed before sealing, or not written by this site; first: %s",
                *(len(foreign), foreign[0]),
            )
        with connection.cursor() as cursor, cursor.copy(COPY_SEALS) as copy:
            copy.set_types(["int8", "int8", "bytea", "bytea"])
            for record_id, leaf, _ in unsealed:
                chained = chain.link(chained, leaf)
                copy.write_row((tree.size, record_id, leaf, chained))
                tree.append(leaf)
        return tree, chained

    def _watch(self, sealed: list[int]) -> None:
        """Remember skipped ids: their transactions may still commit."""
        highest = max(self._highest, sealed[-1])
        start = max(self._highest + 1, highest - GAPS_WATCHED)
        self._gaps |= set(range(start, highest + 1))
        self._gaps -= set(sealed)
        if len(self._gaps) > GAPS_WATCHED:
            self._gaps = set(sorted(self._gaps)[-GAPS_WATCHED:])
        self._highest = highest

    def _publish(self, note: str, oldest: timedelta) -> None:
        anchors.write(self.anchor_dir, note)
        seconds = round(oldest.total_seconds(), 3)
        log.info("checkpoint", extra={"note": note, "oldest_seconds": seconds})


def end_of_log(signer: Signer) -> tuple[Frontier, bytes]:
    """The tree and the chain of the last checkpoint.

    Raises ``CannotSeal`` if it is not signed by this site, or if the log has more or fewer records.
    """
    last, end = SignedCheckpoint.objects.last(), Seal.objects.last()
    log_start = log_reader.log_start(signer.public)
    if last is None:
        if end or log_start.frontier.size:
            raise CannotSeal("there are sealed records, but no checkpoint")
        return Frontier(), chain.GENESIS
    try:
        tree = Frontier.from_bytes(last.size, bytes(last.frontier))
        signed = Checkpoint.parse(signer.public.verified_text(last.note))
    except (BadNote, HashMismatch) as error:
        raise CannotSeal(f"the checkpoint of size {last.size}: {error}") from None
    if signed != Checkpoint(tree.size, tree.root()):
        raise CannotSeal(f"the checkpoint of size {last.size} has another frontier")
    ends_at = end.sequence + 1 if end else log_start.frontier.size
    if ends_at != tree.size:
        raise CannotSeal(f"{tree.size} records were signed, but the log has {ends_at}")
    return tree, bytes(end.chain) if end else log_start.chain
