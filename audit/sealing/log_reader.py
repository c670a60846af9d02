"""Read the log from the database: for verification, proofs and exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from django.db import connection, transaction
from psycopg import Cursor, capabilities

from audit.log_format.chain import body_of
from audit.log_format.checkpoint import BadNote, PublicKey
from audit.log_format.merkle import Frontier, HashMismatch
from audit.log_format.prune_certificate import Certificate
from audit.log_format.verification import Break, Expected, Kind, LogStart, Row
from audit.models import PruneCertificate, Record, SignedCheckpoint, SubjectKey
from audit.people.encryption import pseudonym_of
from audit.people.erase_person import ERASURE_ACTION

_COLUMNS = """
    r.canonical, r.mac, to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    r.action, r.outcome, coalesce(r.actor, ''), coalesce(r.subject, ''), r.about, r.request_id
"""
_CHUNK = 200
"""Rows per round trip: large to make few calls, small to stay in the processor's cache."""

_row = partial(tuple.__new__, Row)
# Read by the index on sequence. Without statistics Postgres would sort the whole log on disk.
DISABLE_SORT = "SET LOCAL enable_sort = off"
RESET_SORT = "RESET enable_sort"
SEALED = f"""
SELECT s.sequence, s.record_id, s.leaf, s.chain, {_COLUMNS}
  FROM audit_seal AS s LEFT JOIN audit_record AS r ON r.id = s.record_id
 WHERE s.sequence >= %s AND s.sequence < %s ORDER BY s.sequence
"""  # noqa: S608 (nothing in it comes from outside)
UNSEALED = f"""
SELECT 0::bigint, r.id, ''::bytea, ''::bytea, {_COLUMNS}
  FROM audit_record AS r
 WHERE NOT EXISTS (SELECT FROM audit_seal WHERE record_id = r.id) ORDER BY r.id
"""  # noqa: S608
COPIES = """
SELECT unnest((array_agg(record_id ORDER BY sequence))[2:]) FROM audit_seal
 WHERE leaf IN (SELECT leaf FROM audit_seal GROUP BY leaf HAVING count(*) > 1) GROUP BY leaf
"""
# Also not those that are sealed: verification names them by their place.
DELETED_BEFORE_SEALING = """
SELECT min(id), count(DISTINCT id) FROM unnest(%s::bigint[]) AS p(id)
 WHERE id > %s AND NOT EXISTS (SELECT FROM audit_record AS r WHERE r.id = p.id)
   AND NOT EXISTS (SELECT FROM audit_seal AS s WHERE s.record_id = p.id)
"""
SEALING_DUE = """
SELECT to_char((max(at) - interval '60 seconds') AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
  FROM audit_record
"""
END_OF_LOG = 2**62

PRUNED = "records.pruned"


@contextmanager
def snapshot() -> Iterator[None]:
    """A read-only transaction in which every query sees the same snapshot of the database."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def rows(first: int = 0, until: int = END_OF_LOG) -> AbstractContextManager[Iterator[Row]]:
    """The sealed records with ``first <= sequence < until``, in order.

    Call it inside a transaction. No other query is possible until the block ends.
    """
    return _stream(SEALED, [first, until])


def unsealed() -> list[Row]:
    """Records that are not sealed yet; their sequence, leaf and chain are placeholders."""
    with _stream(UNSEALED, []) as rows:
        return list(rows)


@contextmanager
def _stream(statement: str, parameters: list[int]) -> Iterator[Iterator[Row]]:
    connection.ensure_connection()
    raw: Any = connection.connection
    # Chunked, so that the server reads ahead. Older versions of libpq have no chunked mode.
    size = _CHUNK if capabilities.has_stream_chunked() else 1
    with Cursor(raw, row_factory=lambda _: _row) as cursor:
        cursor.execute(DISABLE_SORT)
        rows = cursor.stream(statement, parameters, binary=True, size=size)
        yield rows
        # Read to the end even if the caller stopped: an open stream would break the transaction.
        for _ in rows:
            pass
        cursor.execute(RESET_SORT)


def log_start(key: PublicKey) -> LogStart:
    """The state before the first record. Raises ``BadNote`` for a forged certificate."""
    last = PruneCertificate.objects.last()
    if last is None:
        return LogStart()
    signed = Certificate.parse(last.note, key)
    try:
        tree = Frontier.from_bytes(last.size, bytes(last.frontier))
    except HashMismatch as error:
        raise BadNote(str(error)) from None
    if (signed.size, signed.root) != (tree.size, tree.root()):
        raise BadNote("the certificate states another root")
    return LogStart(tree, signed.chain)


def checkpoints() -> list[tuple[int, str, bytes]]:
    """Every checkpoint: size, note, frontier; the smallest first."""
    rows = SignedCheckpoint.objects.values_list("size", "note", "frontier")
    return [(size, note, bytes(frontier)) for size, note, frontier in rows]


def pseudonyms(key: PublicKey) -> set[str]:
    """Pseudonyms that match their key, or are recorded as erased. Raises ``BadNote``."""
    keys = SubjectKey.objects.values_list("pseudonym", "key")
    valid = {pseudonym for pseudonym, key in keys if pseudonym_of(bytes(key)) == pseudonym}
    return valid | erased_pseudonyms(key)


def erased_pseudonyms(key: PublicKey) -> set[str]:
    """Pseudonyms of people erased, from records and prune certificates. Raises ``BadNote``."""
    erasures = Record.objects.filter(action=ERASURE_ACTION).values_list("canonical", flat=True)
    erased_names = {
        pseudonym
        for canonical in erasures
        for pseudonym in body_of(bytes(canonical)).facts.get("pseudonyms", ())
    }
    for note in PruneCertificate.objects.values_list("note", flat=True):
        erased_names |= set(Certificate.parse(note, key).erased)
    return erased_names


def expected(mac_key: bytes, key: PublicKey, anchors: dict[int, set[bytes]]) -> Expected:
    """What the rows must agree with, apart from the rows themselves."""
    with connection.cursor() as cursor:
        cursor.execute(COPIES)
        copies = frozenset(row[0] for row in cursor.fetchall())
    return Expected(
        mac_key=mac_key,
        public_key=key,
        notes=checkpoints(),
        anchors=anchors,
        people=pseudonyms(key),
        copies=copies,
    )


def changed_people() -> Break | None:
    """A break if somebody changed who is who: renamed a row of people's keys, or swapped two."""
    changed = SubjectKey.objects.changed_outside()
    if not changed:
        return None
    more = f" and {len(changed) - 1} more" if changed[1:] else ""
    return Break(
        Kind.PERSON_CHANGED,
        f"{changed[0]}{more}: name, lookup or key is not as this site wrote it",
    )


def revived_people(key: PublicKey) -> Break | None:
    """A break if somebody put a key back that was destroyed, from a backup for example."""
    revived = SubjectKey.objects.filter(pk__in=erased_pseudonyms(key)).order_by("pk").first()
    if revived is None:
        return None
    return Break(Kind.PERSON_CHANGED, f"{revived} was erased, but has a key again")


def deleted_before_sealing(previous: Sequence[int]) -> Break | None:
    """A break if a record that others name is neither in the table nor in the log."""
    with connection.cursor() as cursor:
        cursor.execute(DELETED_BEFORE_SEALING, [list(previous), last_pruned()])
        first, count = cursor.fetchone()
    if first is None:
        return None
    more = f", and {count - 1} more" if count > 1 else ""
    return Break(
        Kind.MISSING,
        f"it was committed, and deleted before it was sealed{more}",
        record_id=first,
    )


def last_pruned() -> int:
    """The highest id among pruned records; a record that stays may name one of them."""
    notes = Record.objects.filter(action=PRUNED).values_list("canonical", flat=True)
    return max((body_of(bytes(note)).facts.get("last_id", 0) for note in notes), default=0)


def sealing_due() -> str:
    """Records from before this moment should be sealed, in the format of ``chain.Header``.

    A minute before the newest record, and not before now: a restored backup is verified later.
    """
    with connection.cursor() as cursor:
        cursor.execute(SEALING_DUE)
        return cursor.fetchone()[0] or ""


def is_sealed(leaf: bytes) -> bool:
    """Whether the log has a seal with this leaf hash (32 bytes)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM audit_seal WHERE leaf = %s)", [leaf])
        return bool(cursor.fetchone()[0])
