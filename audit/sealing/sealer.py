"""Give each record its place in the log, and sign what the log then is.

One sealer works at a time; it holds an advisory lock as long as it does. What is sealed in a round
is whatever has been committed and has no place yet, never a range of ids: ids are given before
commits, so a record may turn up behind others that are sealed already.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from audit import keys
from audit.log_format import chain
from audit.log_format.checkpoint import BadNote, Checkpoint, Signer
from audit.log_format.merkle import Disagreement, Frontier
from audit.models import Seal, SignedCheckpoint
from audit.sealing import anchors, log_reader

# Any number no other code of ours uses.
LOCK = 0x5355_5050_0002

ROUND_RECORDS = 20_000
"""At most so many are sealed under one checkpoint, so that a backlog is worked off in pieces."""

GAPS_WATCHED = 10_000
SWEEP_SECONDS = 300.0
"""How often all records are looked through, for those whose gap is no longer watched."""

NEW = """
SELECT id, sha256('\\x00'::bytea || canonical), mac, at FROM audit_record
 WHERE id > %s OR id = ANY(%s) ORDER BY id LIMIT %s
"""
ALL = """
SELECT id, sha256('\\x00'::bytea || canonical), mac, at FROM audit_record
 WHERE NOT EXISTS (SELECT FROM audit_seal WHERE record_id = audit_record.id)
 ORDER BY id LIMIT %s
"""
HIGHEST = "SELECT coalesce(max(record_id), 0) FROM audit_seal"
UNSEALED_IDS = """
SELECT id FROM generate_series(greatest(%s - %s, 1), %s) AS id
 WHERE NOT EXISTS (SELECT FROM audit_seal WHERE record_id = id)
"""
OLDEST = """
SELECT greatest(extract(epoch FROM now() - at), 0) FROM audit_record
 WHERE id > (SELECT coalesce(max(record_id), 0) FROM audit_seal) ORDER BY id LIMIT 1
"""
SEAL = "COPY audit_seal (sequence, record_id, leaf, chain) FROM STDIN (FORMAT BINARY)"

log = logging.getLogger("audit.sealer")


class CannotSeal(Exception):
    """The log is not as this sealer left it; sealing on would hide that."""


def oldest_unsealed() -> float:
    """Seconds that the first record behind the sealed ones has waited for its place; 0: none is."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST)
        found = cursor.fetchone()
    return float(found[0]) if found else 0.0


@contextmanager
def only_sealer() -> Iterator[bool]:
    """Whether this process may seal; no other can until the block ends or the connection does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        held = bool(cursor.fetchone()[0])
        try:
            yield held
        finally:
            if held and connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@dataclass
class Sealer:
    """Seals round after round, from where the log ends. Raises ``CannotSeal`` when made."""

    signer: Signer
    anchor_dir: Path
    tree: Frontier = field(init=False)
    chain: bytes = field(init=False)
    _highest: int = field(init=False)
    _gaps: set[int] = field(init=False)
    _swept: float = field(init=False, default=float("-inf"))

    def __post_init__(self) -> None:
        self.tree, self.chain = where_it_ends(self.signer)
        with connection.cursor() as cursor:
            cursor.execute(HIGHEST)
            self._highest = cursor.fetchone()[0]
            cursor.execute(UNSEALED_IDS, [self._highest, GAPS_WATCHED, self._highest])
            self._gaps = {row[0] for row in cursor.fetchall()}

    def round(self) -> int:
        """Seal what has no place yet; how many records that were.

        All or nothing: when it raises, the next round begins where this one did.
        """
        sweeps = time.monotonic() - self._swept > SWEEP_SECONDS
        with transaction.atomic():
            found = self._unsealed(sweeps)
            if found:
                tree, chained = self._seal([row[:3] for row in found])
                note = self.signer.note(Checkpoint(tree.size, tree.root()).text())
                SignedCheckpoint.objects.create(size=tree.size, note=note, frontier=tree.as_bytes())
        if sweeps and len(found) < ROUND_RECORDS:
            self._swept = time.monotonic()
        if not found:
            return 0
        self.tree, self.chain = tree, chained
        self._watch([row[0] for row in found])
        self._tell(note, oldest=timezone.now() - min(row[3] for row in found))
        return len(found)

    def _unsealed(self, sweeps: bool) -> list[tuple[int, bytes, bytes, datetime]]:
        with connection.cursor() as cursor:
            if sweeps:
                cursor.execute(ALL, [ROUND_RECORDS])
            else:
                cursor.execute(NEW, [self._highest, list(self._gaps), ROUND_RECORDS])
            return [(pk, bytes(leaf), bytes(mac), at) for pk, leaf, mac, at in cursor.fetchall()]

    def _seal(self, found: list[tuple[int, bytes, bytes]]) -> tuple[Frontier, bytes]:
        tree, chained = self.tree.copy(), self.chain
        mac_key = keys.mac_key()
        foreign = [pk for pk, leaf, mac in found if chain.mac(mac_key, leaf) != mac]
        if foreign:
            # They keep their places: the log tells what is there, and audit_verify names them.
            log.error(
                "%s records were changed before they were sealed, or are not ours; the first: %s",
                *(len(foreign), foreign[0]),
            )
        with connection.cursor() as cursor, cursor.copy(SEAL) as copy:
            copy.set_types(["int8", "int8", "bytea", "bytea"])
            for record_id, leaf, _ in found:
                chained = chain.link(chained, leaf)
                copy.write_row((tree.size, record_id, leaf, chained))
                tree.append(leaf)
        return tree, chained

    def _watch(self, sealed: list[int]) -> None:
        """Remember the ids passed over: they may still be committed."""
        highest = max(self._highest, sealed[-1])
        start = max(self._highest + 1, highest - GAPS_WATCHED)
        self._gaps |= set(range(start, highest + 1))
        self._gaps -= set(sealed)
        if len(self._gaps) > GAPS_WATCHED:
            self._gaps = set(sorted(self._gaps)[-GAPS_WATCHED:])
        self._highest = highest

    def _tell(self, note: str, oldest: timedelta) -> None:
        anchors.write(self.anchor_dir, note)
        seconds = round(oldest.total_seconds(), 3)
        log.info("checkpoint", extra={"note": note, "oldest_seconds": seconds})


def where_it_ends(signer: Signer) -> tuple[Frontier, bytes]:
    """The tree and the chain so far, as last signed.

    Raises ``CannotSeal`` if that is not ours, or if the log ends before or goes on behind it.
    """
    last, end = SignedCheckpoint.objects.last(), Seal.objects.last()
    base = log_reader.base(signer.public)
    if last is None:
        if end or base.frontier.size:
            raise CannotSeal("there are sealed records, but no checkpoint")
        return Frontier(), chain.GENESIS
    try:
        tree = Frontier.from_bytes(last.size, bytes(last.frontier))
        signed = Checkpoint.parse(signer.public.opened(last.note))
    except (BadNote, Disagreement) as wrong:
        raise CannotSeal(f"the checkpoint of size {last.size}: {wrong}") from None
    if signed != Checkpoint(tree.size, tree.root()):
        raise CannotSeal(f"the checkpoint of size {last.size} states something else")
    ends_at = end.sequence + 1 if end else base.frontier.size
    if ends_at != tree.size:
        raise CannotSeal(f"{tree.size} records were signed, {ends_at} are there")
    return tree, bytes(end.chain) if end else base.chain
