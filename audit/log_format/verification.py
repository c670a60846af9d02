"""Walk the log from its start and name the first record that is not as it was written.

Pure: rows, checkpoints and anchors come as values. What cannot be seen without an anchor (a
checkpoint kept where whoever tampers cannot reach it): a cut tail with its checkpoints, and a log
rebuilt by someone who has both keys.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import blake2s, sha256
from typing import NamedTuple

from audit.log_format.chain import GENESIS, link, opening
from audit.log_format.checkpoint import BadNote, Checkpoint, PublicKey
from audit.log_format.merkle import Frontier, leaf_hash

SIGNATURES_CHECKED = 10_000
"""The newest ones. Each takes as long as ten records, and the last one stands for all before it."""


class Kind(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    INSERTED = "inserted"
    CUT_OFF = "cut off"
    REBUILT = "rebuilt"
    TRIGGERS_DISABLED = "triggers disabled"


class Row(NamedTuple):
    """A place in the log and the record that is said to be there; None: there is no such record.

    The columns from ``at`` on are texts, ``at`` as ``chain.Header`` has it.
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


def _opening(*columns: str) -> bytes:
    """How the stored bytes must begin if the columns say the same as they do."""
    return opening(*columns).encode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class Break:
    kind: Kind
    detail: str
    sequence: int | None = None
    record_id: int | None = None
    found: bytes | None = None
    """The leaf hash that stands where another was sealed."""

    def named(self, is_sealed: Callable[[bytes], bool]) -> Break:
        """The same, or that it is out of order: what stands there was sealed at another place."""
        if self.found is None or not is_sealed(self.found):
            return self
        detail = "another record stands in its place"
        return replace(self, kind=Kind.REORDERED, detail=detail)

    def __str__(self) -> str:
        place = f"record {self.record_id}" if self.record_id is not None else ""
        if self.sequence is not None:
            place = f"{place or 'the record'} at place {self.sequence}"
        return f"{self.kind}: {place + ': ' if place else ''}{self.detail}"


@dataclass(frozen=True)
class Base:
    """Where the log at hand begins: at its start, or after what was pruned."""

    frontier: Frontier = field(default_factory=Frontier)
    chain: bytes = GENESIS


@dataclass(frozen=True)
class Expected:
    """What the rows are held against."""

    mac_key: bytes
    public_key: PublicKey
    notes: Sequence[tuple[int, str, bytes]]
    """The checkpoints in the database: size, note, frontier; the smallest first."""
    anchors: Mapping[int, Set[bytes]] = field(default_factory=dict)
    """Roots that were written down elsewhere, by size."""
    people: Collection[str] = frozenset()
    """Pseudonyms that have a key, or had one until it was erased."""
    copies: Set[int] = frozenset()
    """Ids of records that repeat an older one."""


def walk(rows: Iterable[Row], base: Base, expected: Expected) -> tuple[int, Break | None]:
    """How many records are in the log by the end, and the first break.

    ``rows`` come by sequence, the smallest first.
    """
    stops = _Stops(expected, base)
    found = stops.at(base.frontier)
    if found:
        return base.frontier.size, found
    tree, chain = base.frontier.copy(), base.chain
    people = {"", *expected.people}
    mac_key, copies = expected.mac_key, expected.copies
    coming = _Peekable(rows)
    size, append = tree.size, tree.append
    # Written out, not in small functions: it runs once for every record there ever was.
    for row in coming:
        sequence, record_id, sealed, linked, stored, mac = row[:6]
        if sequence != size:
            return size, _gap(row, size)
        if stored is None:
            return size, _break(row, Kind.MISSING, "it was sealed and is gone")
        leaf = sha256(b"\0" + stored).digest()
        if leaf != sealed:
            changed = _break(row, Kind.CHANGED, "it does not say what was sealed")
            return size, replace(changed, found=leaf)
        before, chain = chain, sha256(b"\2" + chain + leaf).digest()
        if chain != linked:
            return size, _unlinked(row, coming.peek(), before)
        if record_id in copies:
            return size, _break(row, Kind.INSERTED, "it is a copy of an older record")
        if blake2s(leaf, key=mac_key).digest() != mac:
            return size, _foreign(row, coming.peek(), before)
        if not stored.startswith(_opening(*row[6:])):
            return size, _break(row, Kind.CHANGED, COLUMNS)
        if row.actor not in people or row.subject not in people:
            return size, _break(row, Kind.MISSING, "its key is gone, and no erasure says so")
        append(leaf)
        size += 1
        if size == stops.next:
            found = stops.at(tree)
            if found:
                return size, found
    return size, stops.beyond(size)


NOT_OURS = "it was changed before it was sealed, or this site did not write it"
COLUMNS = "its columns do not say what was recorded"


def waiting(rows: Iterable[Row], mac_key: bytes) -> Break | None:
    """The first break among records that are not sealed yet; their leaf and chain do not count."""
    for row in rows:
        assert row.stored is not None
        if blake2s(leaf_hash(row.stored), key=mac_key).digest() != row.mac:
            return Break(Kind.CHANGED, NOT_OURS, record_id=row.record_id)
        if not row.stored.startswith(_opening(*row[6:])):
            return Break(Kind.CHANGED, COLUMNS, record_id=row.record_id)
    return None


def _break(row: Row, kind: Kind, detail: str) -> Break:
    return Break(kind, detail, row.sequence, row.record_id)


def _gap(row: Row, size: int) -> Break:
    if row.sequence > size:
        return Break(Kind.MISSING, f"the next one is at place {row.sequence}", size)
    return _break(row, Kind.INSERTED, "its place is taken")


def _unlinked(row: Row, following: Row | None, before: bytes) -> Break:
    """The record is as sealed, but was chained to another one than stands before it."""
    if following and link(before, following.leaf) == following.chain:
        if link(following.chain, row.leaf) == row.chain:
            return _break(row, Kind.REORDERED, "it was sealed after the record that follows it")
        return _break(row, Kind.INSERTED, "the one that follows is chained to the one before it")
    return _break(row, Kind.MISSING, "what it was chained to no longer stands before it")


def _foreign(row: Row, following: Row | None, before: bytes) -> Break:
    if following and link(before, following.leaf) == following.chain:
        return _break(row, Kind.INSERTED, "the one that follows is chained to the one before it")
    return _break(row, Kind.CHANGED, NOT_OURS)


class _Stops:
    """The sizes at which somebody has stated a root."""

    def __init__(self, expected: Expected, base: Base) -> None:
        self._expected = expected
        self._notes = {size: (note, frontier) for size, note, frontier in expected.notes}
        sizes = {*self._notes, *expected.anchors}
        self._sizes = iter(sorted(size for size in sizes if size >= base.frontier.size))
        self._newest = {size for size, *_ in expected.notes[-SIGNATURES_CHECKED:]}
        self._good = self._covered = base.frontier.size
        self.next = next(self._sizes, None)

    def at(self, tree: Frontier) -> Break | None:
        if tree.size != self.next:
            return None
        root = tree.root()
        self.next = next(self._sizes, None)
        stated = self._expected.anchors.get(tree.size, {root})
        if stated != {root}:
            return self._rebuilt(f"the anchor of size {tree.size} states another root")
        if tree.size in self._notes:
            note, frontier = self._notes[tree.size]
            reason = self._why_bad(note, Checkpoint(tree.size, root))
            if frontier != tree.as_bytes():
                reason = reason or "goes on from another tree"
            if reason:
                return self._rebuilt(f"the checkpoint of size {tree.size} {reason}")
            self._covered = tree.size
        self._good = tree.size
        return None

    def _why_bad(self, note: str, wanted: Checkpoint) -> str:
        if not note.startswith(wanted.text() + "\n"):
            return "states another root"
        if wanted.size not in self._newest:
            return ""
        try:
            self._expected.public_key.opened(note)
        except BadNote:
            return "is not signed by this log's key"
        return ""

    def _rebuilt(self, detail: str) -> Break:
        return Break(Kind.REBUILT, f"from here on: {detail}", self._good)

    def beyond(self, size: int) -> Break | None:
        if self.next is not None:
            known = "an anchor" if self.next in self._expected.anchors else "a checkpoint"
            return Break(Kind.CUT_OFF, f"{known} knows of {self.next} records", size)
        if size != self._covered:
            return Break(Kind.CUT_OFF, "no checkpoint covers it any more", self._covered)
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
    """Anchors as ``Expected`` takes them."""
    roots: dict[int, set[bytes]] = {}
    for checkpoint in checkpoints:
        roots.setdefault(checkpoint.size, set()).add(checkpoint.root)
    return roots
