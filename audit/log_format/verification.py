"""Verify the log from its start and report the first record that was changed.

Pure: rows, checkpoints and anchors come as values. An anchor is a checkpoint stored where an
attacker cannot change it. Without one, two attacks go unnoticed: deleting the newest records with
their checkpoints, and rebuilding the log with both keys.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import blake2s, sha256
from typing import NamedTuple

from audit.log_format.chain import GENESIS, header_prefix, link, previous_ids
from audit.log_format.checkpoint import BadNote, Checkpoint, PublicKey
from audit.log_format.merkle import Frontier, leaf_hash

MAX_SIGNATURES_CHECKED = 10_000
"""Only the newest: one takes as long as ten records, and the last one covers all before it."""


class Kind(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    INSERTED = "inserted"
    TRUNCATED = "truncated"
    UNSEALED = "unsealed"
    REBUILT = "rebuilt"
    TRIGGERS_DISABLED = "triggers disabled"
    TABLE_CHANGED = "table changed"
    PERSON_CHANGED = "person changed"


class Row(NamedTuple):
    """A seal and its record. ``stored`` and ``mac`` are None if the record is missing.

    The columns from ``at`` on are texts, with ``at`` in the format of ``chain.Header``.
    """

    sequence: int
    record_id: int
    leaf: bytes
    chain: bytes
    stored: bytes | None
    mac: bytes | None
    at: str
    action: str
    outcome: str
    actor: str
    subject: str
    about: str
    request_id: str


def _header_bytes(*columns: str) -> bytes:
    """The beginning of the stored bytes if they agree with the columns."""
    return header_prefix(*columns).encode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class Break:
    kind: Kind
    detail: str
    sequence: int | None = None
    record_id: int | None = None
    actual_leaf: bytes | None = None
    """The leaf hash of the changed record."""

    def classified(self, is_sealed: Callable[[bytes], bool]) -> Break:
        """REORDERED instead of CHANGED if the record was sealed at another place."""
        if self.actual_leaf is None or not is_sealed(self.actual_leaf):
            return self
        detail = "another sealed record is in its place"
        return replace(self, kind=Kind.REORDERED, detail=detail)

    def __str__(self) -> str:
        place = f"record {self.record_id}" if self.record_id is not None else ""
        if self.sequence is not None:
            place = f"{place or 'the record'} at place {self.sequence}"
        return f"{self.kind}: {place + ': ' if place else ''}{self.detail}"


@dataclass(frozen=True)
class LogStart:
    """The state before the first record in the database: empty, or after the pruned records."""

    frontier: Frontier = field(default_factory=Frontier)
    chain: bytes = GENESIS


@dataclass(frozen=True)
class Expected:
    """What the rows must agree with."""

    mac_key: bytes
    public_key: PublicKey
    notes: Sequence[tuple[int, str, bytes]]
    """The checkpoints in the database: size, note, frontier; the smallest first."""
    anchors: Mapping[int, Set[bytes]] = field(default_factory=dict)
    """Roots stored elsewhere, by size."""
    people: Collection[str] = frozenset()
    """Pseudonyms with a key, or with a recorded erasure."""
    copies: Set[int] = frozenset()
    """Ids of records that are copies of an older one."""


class Verified(NamedTuple):
    """The size of the log up to the first break, and the break, or None.

    ``previous`` are ids of records that other records name: each has to be in the table.
    """

    size: int
    problem: Break | None
    previous: array[int]


def verify(rows: Iterable[Row], start: LogStart, expected: Expected) -> Verified:
    """``rows`` are in order of ``sequence``."""
    previous = array("q")
    size, problem = _verify(rows, start, expected, previous)
    return Verified(size, problem, previous)


def _verify(
    rows: Iterable[Row], start: LogStart, expected: Expected, previous: array[int]
) -> tuple[int, Break | None]:
    stated = _StatedRoots(expected, start)
    problem = stated.check(start.frontier)
    if problem:
        return start.frontier.size, problem
    tree, chain = start.frontier.copy(), start.chain
    people = {"", *expected.people}
    mac_key, copies = expected.mac_key, expected.copies
    upcoming = _Peekable(rows)
    size, append = tree.size, tree.append
    # One long loop without function calls, since it runs for every record of the log.
    for row in upcoming:
        sequence, record_id, sealed_leaf, sealed_chain, stored, mac = row[:6]
        if sequence != size:
            return size, _gap(row, size)
        if stored is None:
            return size, _break(row, Kind.MISSING, "it was sealed, but is not in the table")
        leaf = sha256(b"\0" + stored).digest()
        if leaf != sealed_leaf:
            changed = _break(row, Kind.CHANGED, "its content differs from what was sealed")
            return size, replace(changed, actual_leaf=leaf)
        before, chain = chain, sha256(b"\2" + chain + leaf).digest()
        if chain != sealed_chain:
            return size, _chain_break(row, upcoming.peek(), before)
        if record_id in copies:
            return size, _break(row, Kind.INSERTED, "it is a copy of an older record")
        if blake2s(leaf, key=mac_key).digest() != mac:
            return size, _mac_break(row, upcoming.peek(), before)
        header = _header_bytes(*row[6:])
        if not stored.startswith(header):
            return size, _break(row, Kind.CHANGED, BAD_COLUMNS)
        previous.extend(previous_ids(stored, len(header)))
        if row.actor not in people or row.subject not in people:
            return size, _break(row, Kind.MISSING, "its key was deleted without a recorded erasure")
        append(leaf)
        size += 1
        if size == stated.next_size:
            problem = stated.check(tree)
            if problem:
                return size, problem
    return size, stated.check_end(size)


BAD_MAC = "it was changed before it was sealed, or this site did not write it"
BAD_COLUMNS = "its columns differ from what was recorded"
OVERDUE = "others were recorded more than a minute later, but it is not sealed"


def verify_unsealed(rows: Sequence[Row], mac_key: bytes, *, due: str = "") -> Verified:
    """Records that are not sealed yet: how many, the first break among them, and their previous.

    Those with ``at`` before ``due`` should have been sealed. ``leaf`` and ``chain`` are ignored.
    """
    problem, previous = None, array("q")
    for row in rows:
        assert row.stored is not None
        header = _header_bytes(*row[6:])
        reason = ""
        if blake2s(leaf_hash(row.stored), key=mac_key).digest() != row.mac:
            reason = BAD_MAC
        elif not row.stored.startswith(header):
            reason = BAD_COLUMNS
        else:
            previous.extend(previous_ids(row.stored, len(header)))
        if reason:
            problem = problem or Break(Kind.CHANGED, reason, record_id=row.record_id)
        elif row.at < due:
            problem = problem or Break(Kind.UNSEALED, OVERDUE, record_id=row.record_id)
    return Verified(len(rows), problem, previous)


def _break(row: Row, kind: Kind, detail: str) -> Break:
    return Break(kind, detail, row.sequence, row.record_id)


def _gap(row: Row, size: int) -> Break:
    if row.sequence > size:
        return Break(Kind.MISSING, f"the next one is at place {row.sequence}", size)
    return _break(row, Kind.INSERTED, "its place is taken")


def _chain_break(row: Row, following: Row | None, before: bytes) -> Break:
    """The record is as sealed, but not chained to the record before it."""
    if following and link(before, following.leaf) == following.chain:
        if link(following.chain, row.leaf) == row.chain:
            return _break(row, Kind.REORDERED, "it was sealed after the record that follows it")
        return _break(row, Kind.INSERTED, "the one that follows is chained to the one before it")
    return _break(row, Kind.MISSING, "the record that it was chained to is missing")


def _mac_break(row: Row, following: Row | None, before: bytes) -> Break:
    if following and link(before, following.leaf) == following.chain:
        return _break(row, Kind.INSERTED, "the one that follows is chained to the one before it")
    return _break(row, Kind.CHANGED, BAD_MAC)


class _StatedRoots:
    """The sizes at which a checkpoint or an anchor states a root."""

    def __init__(self, expected: Expected, start: LogStart) -> None:
        self._expected = expected
        self._notes = {size: (note, frontier) for size, note, frontier in expected.notes}
        sizes = {*self._notes, *expected.anchors}
        self._sizes = iter(sorted(size for size in sizes if size >= start.frontier.size))
        self._newest = {size for size, *_ in expected.notes[-MAX_SIGNATURES_CHECKED:]}
        self._last_good = self._covered = start.frontier.size
        self.next_size = next(self._sizes, None)

    def check(self, tree: Frontier) -> Break | None:
        if tree.size != self.next_size:
            return None
        root = tree.root()
        self.next_size = next(self._sizes, None)
        stated = self._expected.anchors.get(tree.size, {root})
        if stated != {root}:
            return self._rebuilt(f"the anchor of size {tree.size} states another root")
        if tree.size in self._notes:
            note, frontier = self._notes[tree.size]
            reason = self._note_error(note, Checkpoint(tree.size, root))
            if frontier != tree.as_bytes():
                reason = reason or "has another frontier"
            if reason:
                return self._rebuilt(f"the checkpoint of size {tree.size} {reason}")
            self._covered = tree.size
        self._last_good = tree.size
        return None

    def _note_error(self, note: str, expected: Checkpoint) -> str:
        if not note.startswith(expected.text() + "\n"):
            return "states another root"
        if expected.size not in self._newest:
            return ""
        try:
            self._expected.public_key.verified_text(note)
        except BadNote:
            return "is not signed by this log's key"
        return ""

    def _rebuilt(self, detail: str) -> Break:
        return Break(Kind.REBUILT, f"from here on: {detail}", self._last_good)

    def check_end(self, size: int) -> Break | None:
        if self.next_size is not None:
            source = "an anchor" if self.next_size in self._expected.anchors else "a checkpoint"
            return Break(Kind.TRUNCATED, f"{source} covers {self.next_size} records", size)
        if size != self._covered:
            return Break(Kind.TRUNCATED, "no checkpoint covers it any more", self._covered)
        return None


class _Peekable:
    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)
        self._ahead: list[Row] = []

    def __iter__(self) -> Iterator[Row]:
        while True:
            row = self._ahead.pop() if self._ahead else next(self._rows, None)
            if row is None:
                return
            yield row

    def peek(self) -> Row | None:
        row = next(self._rows, None)
        if row:
            self._ahead.append(row)
        return row


def roots_by_size(checkpoints: Iterable[Checkpoint]) -> dict[int, set[bytes]]:
    """Roots of checkpoints by size, for ``Expected.anchors``."""
    roots: dict[int, set[bytes]] = {}
    for checkpoint in checkpoints:
        roots.setdefault(checkpoint.size, set()).add(checkpoint.root)
    return roots
