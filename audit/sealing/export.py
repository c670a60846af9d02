"""Sealed records as JSON lines that anybody can check, byte for byte the same each time.

The first line says where in the log they begin, the last one is the first checkpoint that covers
them all. Texts stay encrypted under people's keys, so that an erasure reaches exports as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from audit.log_format.chain import compact
from audit.log_format.checkpoint import ORIGIN, Checkpoint, PublicKey
from audit.log_format.merkle import Disagreement, Frontier, leaf_hash
from audit.log_format.verification import Base, Row
from audit.models import Record, Seal, SignedCheckpoint, SubjectKey
from audit.sealing import log_reader

PLACE_AT = """
SELECT min(s.sequence) FROM audit_seal AS s JOIN audit_record AS r ON r.id = s.record_id
 WHERE r.at >= %s
"""


class NothingSealed(Exception):
    """There is no sealed record in that time."""


def place_at(moment: datetime | None, *, otherwise: int) -> int:
    """The place of the first record of that moment or later, or ``otherwise``."""
    if moment is None:
        return otherwise
    with connection.cursor() as cursor:
        cursor.execute(PLACE_AT, [moment])
        found = cursor.fetchone()[0]
    return end_of_log() if found is None else int(found)


def end_of_log() -> int:
    last = SignedCheckpoint.objects.last()
    return last.size if last else 0


def lines(first: int, until: int, key: PublicKey, *, readable: bool = False) -> Iterator[str]:
    """The export of the places ``first <= place < until``. Inside ``log_reader.one_moment()``.

    Raises ``NothingSealed``.
    """
    covering = SignedCheckpoint.objects.filter(size__gte=until).first()
    if first >= until or covering is None:
        raise NothingSealed
    start = tree_at(first, log_reader.base(key))
    yield compact(
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
            yield compact(_told(row, people) if readable else _kept(row))
    after = leaves(until, covering.size)
    yield compact({"checkpoint": covering.note, "leaves_after": [leaf.hex() for leaf in after]})


def _kept(row: Row) -> dict[str, Any]:
    assert row.stored is not None
    assert row.mac is not None
    return {
        "sequence": row.sequence,
        "id": row.record_id,
        "mac": row.mac.hex(),
        "canonical": row.stored.decode(),
    }


def _told(row: Row, people: dict[str, SubjectKey]) -> dict[str, Any]:
    record = Record(
        canonical=row.stored,
        actor_key=people.get(row.actor),
        subject_key=people.get(row.subject),
    )
    opened = {"actor": record.actor, "subject": record.subject, "data": record.data}
    return {**_kept(row), "opened": opened}


def tree_at(size: int, base: Base) -> Base:
    """The tree and chain of the first ``size`` records."""
    tree = base.frontier.copy()
    for leaf in leaves(tree.size, size):
        tree.append(leaf)
    if tree.size != size:
        raise Disagreement(f"the log does not have {size} records")
    last = Seal.objects.filter(sequence=size - 1).first()
    return Base(tree, bytes(last.chain) if last else base.chain)


def leaves(first: int, until: int) -> Iterator[bytes]:
    found = Seal.objects.filter(sequence__gte=first, sequence__lt=until)
    yield from map(bytes, found.values_list("leaf", flat=True).iterator(chunk_size=10_000))


@dataclass
class ReadExport:
    """An export read back: where it begins, the leaf of each record, and what covers them."""

    first: int
    until: int
    leaves: list[bytes] = field(default_factory=list)
    covered_by: Checkpoint | None = None


def read(written: Iterable[str], key: PublicKey) -> ReadExport:
    """Check an export with the public key alone. Raises ``BadNote`` or ``Disagreement``."""
    try:
        head, *kept, tail = map(json.loads, written)
        export = ReadExport(head["first"], head["until"])
        tree = Frontier.from_bytes(export.first, bytes.fromhex(head["frontier"]))
        for place, line in enumerate(kept, start=export.first):
            if line["sequence"] != place:
                raise Disagreement(f"the record at place {place} is missing")
            export.leaves.append(leaf_hash(line["canonical"].encode()))
        for leaf in [*export.leaves, *map(bytes.fromhex, tail["leaves_after"])]:
            tree.append(leaf)
        export.covered_by = Checkpoint.parse(key.opened(tail["checkpoint"]))
    except (LookupError, TypeError, AttributeError) as wrong:
        raise Disagreement(f"this is not an export: {wrong!r}") from None
    if export.first + len(export.leaves) != export.until:
        raise Disagreement("its end is missing")
    if export.covered_by != Checkpoint(tree.size, tree.root()):
        raise Disagreement("its records are not those that its checkpoint covers")
    return export
