"""Compare AUDIT_FILE with the table: id and hash of every line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.db import connection

from audit.log_format.verification import Break, Kind
from audit.sealing import log_reader

BATCH = 5_000

LEAVES = """
SELECT id, encode(sha256('\\x00'::bytea || canonical), 'hex') FROM audit_record WHERE id = ANY(%s)
"""


@dataclass
class Comparison:
    """The lines of a file by what could be compared, and the first of each kind of difference."""

    lines: int = 0
    unreadable: int = 0
    """Lines that are no record, such as one that a stopped machine left half-written."""
    without_hash: int = 0
    """Lines of older versions: only their id was looked for."""
    pruned: int = 0
    missing: list[Break] = field(default_factory=list)
    changed: list[Break] = field(default_factory=list)

    @property
    def breaks(self) -> list[Break]:
        return [*self.missing[:1], *self.changed[:1]]

    def __str__(self) -> str:
        return (
            f"{self.lines} lines of the file compared: {len(self.missing)} are not in the table, "
            f"{len(self.changed)} differ from it, {self.unreadable} are unreadable, "
            f"{self.without_hash} have no hash, {self.pruned} were pruned."
        )


@dataclass(frozen=True)
class Line:
    number: int
    record_id: int
    leaf: str
    """In hexadecimal; empty if the line has none."""


def compare(lines: Iterable[bytes]) -> Comparison:
    """Compare complete lines that were written before the snapshot was taken."""
    comparison, pruned_until = Comparison(), log_reader.last_pruned()
    readable = _readable(lines, comparison)
    while batch := list(islice(readable, BATCH)):
        with connection.cursor() as cursor:
            cursor.execute(LEAVES, [[line.record_id for line in batch]])
            leaves = dict(cursor.fetchall())
        for line in batch:
            _compare(line, leaves.get(line.record_id), pruned_until, comparison)
    return comparison


def _compare(line: Line, leaf: str | None, pruned_until: int, comparison: Comparison) -> None:
    comparison.without_hash += not line.leaf
    if leaf is None and line.record_id <= pruned_until:
        comparison.pruned += 1
    elif leaf is None:
        detail = f"line {line.number} of the file has it, but the table does not"
        comparison.missing.append(Break(Kind.MISSING, detail, record_id=line.record_id))
    elif line.leaf and line.leaf != leaf:
        detail = f"it differs from line {line.number} of the file"
        comparison.changed.append(Break(Kind.CHANGED, detail, record_id=line.record_id))


def _readable(lines: Iterable[bytes], comparison: Comparison) -> Iterator[Line]:
    for number, text in enumerate(lines, start=1):
        comparison.lines += 1
        try:
            fact = json.loads(text)
            line = Line(number, int(fact["id"]), str(fact.get("hash", "")))
        except (ValueError, TypeError, LookupError, AttributeError):
            comparison.unreadable += 1
            continue
        yield line


def complete_lines(file: Path) -> Iterator[bytes]:
    """The complete lines that the file has now; later ones are left out. Raises ``OSError``."""
    size = file.stat().st_size
    return _lines(file, size)


def _lines(file: Path, size: int) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while opened.tell() < size:
            line = opened.readline()
            if line.endswith(b"\n"):
                yield line
