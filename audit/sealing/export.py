"""Sealed records as JSON lines that anybody can verify; the same bytes at every export.

The first line states where in the log they begin, the last one is the first checkpoint that covers
them all. Texts stay encrypted under people's keys, so that an erasure reaches exports as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from audit.log_format.chain import compact_json
from audit.log_format.checkpoint import ORIGIN, Checkpoint, PublicKey
from audit.log_format.merkle import Frontier, HashMismatch, leaf_hash
from audit.log_format.verification import LogStart, Row
from audit.models import Record, Seal, SignedCheckpoint, SubjectKey
from audit.sealing import log_reader

SEQUENCE_AT = """
SELECT min(s.sequence) FROM audit_seal AS s JOIN audit_record AS r ON r.id = s.record_id
 WHERE r.at >= %s
"""


class NothingSealed(Exception):
    """No sealed record is in the requested period."""


def sequence_at(moment: datetime | None, *, otherwise: int) -> int:
    """The sequence of the first record at ``moment`` or later; ``otherwise`` if it is None."""
    if moment is None:
        return otherwise
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCE_AT, [moment])
        sequence = cursor.fetchone()[0]
    return end_of_log() if sequence is None else int(sequence)


def end_of_log() -> int:
    """How many records the last checkpoint covers; 0 without one."""
    last = SignedCheckpoint.objects.last()
    return last.size if last else 0


def lines(first: int, until: int, key: PublicKey, *, readable: bool = False) -> Iterator[str]:
    """The export of ``first <= sequence < until``. Call it inside ``log_reader.snapshot()``.

    Raises ``NothingSealed``.
    """
    covering = SignedCheckpoint.objects.filter(size__gte=until).first()
    if first >= until or covering is None:
        raise NothingSealed
    start = tree_at(first, log_reader.log_start(key))
    yield compact_json(
        {
            "log": ORIGIN,
            "first": first,
            "until": until,
            "chain": start.chain.hex(),
            "frontier": start.frontier.as_bytes().hex(),
        }
    )
    people = SubjectKey.objects.in_bulk() if readable else {}
    with log_reader.rows(first, until) as rows:
        for row in rows:
            yield compact_json(_readable_line(row, people) if readable else _line(row))
    after = leaves(until, covering.size)
    yield compact_json(
        {"checkpoint": covering.note, "leaves_after": [leaf.hex() for leaf in after]}
    )


def _line(row: Row) -> dict[str, Any]:
    assert row.stored is not None
    assert row.mac is not None
    return {
        "sequence": row.sequence,
        "id": row.record_id,
        "mac": row.mac.hex(),
        "canonical": row.stored.decode(),
    }


def _readable_line(row: Row, people: dict[str, SubjectKey]) -> dict[str, Any]:
    record = Record(
        canonical=row.stored,
        actor_key=people.get(row.actor),
        subject_key=people.get(row.subject),
    )
    readable_data = {"actor": record.actor, "subject": record.subject, "data": record.data}
    return {**_line(row), "opened": readable_data}


def tree_at(size: int, log_start: LogStart) -> LogStart:
    """The tree and chain after the first ``size`` records.

    Raises ``HashMismatch`` if the log is shorter.
    """
    tree = log_start.frontier.copy()
    for leaf in leaves(tree.size, size):
        tree.append(leaf)
    if tree.size != size:
        raise HashMismatch(f"the log does not have {size} records")
    last = Seal.objects.filter(sequence=size - 1).first()
    return LogStart(tree, bytes(last.chain) if last else log_start.chain)


def leaves(first: int, until: int) -> Iterator[bytes]:
    """The leaf hashes of ``first <= sequence < until``, 32 bytes each."""
    seals = Seal.objects.filter(sequence__gte=first, sequence__lt=until)
    yield from map(bytes, seals.values_list("leaf", flat=True).iterator(chunk_size=10_000))


@dataclass
class ParsedExport:
    """A parsed export: its range, the leaf hash of every record, and the checkpoint."""

    first: int
    until: int
    leaves: list[bytes] = field(default_factory=list)
    checkpoint: Checkpoint | None = None


def read(lines: Iterable[str], key: PublicKey) -> ParsedExport:
    """Verify an export with the public key alone. Raises ``BadNote`` or ``HashMismatch``."""
    try:
        head, *records, tail = map(json.loads, lines)
        export = ParsedExport(head["first"], head["until"])
        tree = Frontier.from_bytes(export.first, bytes.fromhex(head["frontier"]))
        for place, line in enumerate(records, start=export.first):
            if line["sequence"] != place:
                raise HashMismatch(f"the record at place {place} is missing")
            export.leaves.append(leaf_hash(line["canonical"].encode()))
        for leaf in [*export.leaves, *map(bytes.fromhex, tail["leaves_after"])]:
            tree.append(leaf)
        export.checkpoint = Checkpoint.parse(key.verified_text(tail["checkpoint"]))
    except (LookupError, TypeError, AttributeError) as error:
        raise HashMismatch(f"this is not an export: {error!r}") from None
    if export.first + len(export.leaves) != export.until:
        raise HashMismatch("its end is missing")
    if export.checkpoint != Checkpoint(tree.size, tree.root()):
        raise HashMismatch("its records are not the ones that its checkpoint covers")
    return export
