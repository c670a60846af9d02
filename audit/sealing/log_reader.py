"""The log as the database has it, read in one go: for verifying, proving and exporting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from django.db import connection, transaction
from psycopg import Cursor, capabilities

from audit.log_format.chain import body_of
from audit.log_format.checkpoint import BadNote, PublicKey
from audit.log_format.merkle import Disagreement, Frontier
from audit.log_format.prune_certificate import Certificate
from audit.log_format.verification import Base, Break, Expected, Kind, Row
from audit.models import PruneCertificate, Record, SignedCheckpoint, SubjectKey
from audit.people.encryption import pseudonym_of

_COLUMNS = """
    r.canonical, r.mac, to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    r.action, r.outcome, coalesce(r.actor, ''), coalesce(r.subject, ''), r.about, r.request_id
"""
_CHUNK = 200
"""Rows that come in one piece: many for few calls, few to stay in the processor's cache."""

_row = partial(tuple.__new__, Row)
# Sorting the log for its order would put all of it on disk first, and there is an index by place;
# before statistics exist Postgres does not know better.
IN_ORDER = "SET LOCAL enable_sort = off"
AS_BEFORE = "RESET enable_sort"
SEALED = f"""
SELECT s.sequence, s.record_id, s.leaf, s.chain, {_COLUMNS}
  FROM audit_seal AS s LEFT JOIN audit_record AS r ON r.id = s.record_id
 WHERE s.sequence >= %s AND s.sequence < %s ORDER BY s.sequence
"""  # noqa: S608 (nothing in it comes from outside)
WAITING = f"""
SELECT 0::bigint, r.id, ''::bytea, ''::bytea, {_COLUMNS}
  FROM audit_record AS r
 WHERE NOT EXISTS (SELECT FROM audit_seal WHERE record_id = r.id) ORDER BY r.id
"""  # noqa: S608
COPIES = """
SELECT unnest((array_agg(record_id ORDER BY sequence))[2:]) FROM audit_seal
 WHERE leaf IN (SELECT leaf FROM audit_seal GROUP BY leaf HAVING count(*) > 1) GROUP BY leaf
"""
TRIGGERS = """
SELECT c.relname, t.tgname, t.tgenabled::text, t.tgtype,
       t.tgqual IS NULL AND t.tgattr = '', p.prosrc
  FROM pg_trigger AS t
  JOIN pg_class AS c ON c.oid = t.tgrelid
  JOIN pg_proc AS p ON p.oid = t.tgfoid
 WHERE c.relname LIKE 'audit\\_%%' AND NOT t.tgisinternal
   AND c.relnamespace = current_schema()::regnamespace
"""
END_OF_LOG = 2**62

ERASED = "subject.erased"

# Of pg_trigger.tgtype: what a trigger fires on.
ROW, BEFORE, DELETE, UPDATE, TRUNCATE = 1, 2, 8, 16, 32
ALWAYS = "A"


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything read inside is of the same moment, however long it takes."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def rows(first: int = 0, until: int = END_OF_LOG) -> AbstractContextManager[Iterator[Row]]:
    """The sealed records with ``first <= sequence < until``, in order.

    Inside a transaction; nothing else can be asked of the database until the block ends.
    """
    return _streamed(SEALED, [first, until])


def waiting() -> list[Row]:
    """The records that have no place yet; their sequence, leaf and chain mean nothing."""
    with _streamed(WAITING, []) as found:
        return list(found)


@contextmanager
def _streamed(statement: str, values: list[int]) -> Iterator[Iterator[Row]]:
    connection.ensure_connection()
    raw: Any = connection.connection
    # The server reads on while the rows so far are being looked at. Older libpqs know no chunks.
    size = _CHUNK if capabilities.has_stream_chunked() else 1
    with Cursor(raw, row_factory=lambda _: _row) as cursor:
        cursor.execute(IN_ORDER)
        rows = cursor.stream(statement, values, binary=True, size=size)
        yield rows
        # Whoever reads may have seen enough; breaking off would break the transaction.
        for _ in rows:
            pass
        cursor.execute(AS_BEFORE)


def base(key: PublicKey) -> Base:
    """Where the log in the database begins. Raises ``BadNote`` for a false certificate."""
    last = PruneCertificate.objects.last()
    if last is None:
        return Base()
    signed = Certificate.opened(last.note, key)
    try:
        tree = Frontier.from_bytes(last.size, bytes(last.frontier))
    except Disagreement as wrong:
        raise BadNote(str(wrong)) from None
    if (signed.size, signed.root) != (tree.size, tree.root()):
        raise BadNote("the certificate states another root")
    return Base(tree, signed.chain)


def notes() -> list[tuple[int, str, bytes]]:
    """Every checkpoint: size, note, frontier; the smallest first."""
    found = SignedCheckpoint.objects.values_list("size", "note", "frontier")
    return [(size, note, bytes(frontier)) for size, note, frontier in found]


def people(key: PublicKey) -> set[str]:
    """Pseudonyms that have a key which gives them, or are recorded as erased."""
    held = SubjectKey.objects.values_list("pseudonym", "key")
    known = {pseudonym for pseudonym, key in held if pseudonym_of(bytes(key)) == pseudonym}
    return known | erased(key)


def erased(key: PublicKey) -> set[str]:
    erasures = Record.objects.filter(action=ERASED).values_list("canonical", flat=True)
    gone = {
        pseudonym
        for canonical in erasures
        for pseudonym in body_of(bytes(canonical)).facts.get("pseudonyms", ())
    }
    for note in PruneCertificate.objects.values_list("note", flat=True):
        gone |= set(Certificate.opened(note, key).erased)
    return gone


def expected(mac_key: bytes, key: PublicKey, anchors: dict[int, set[bytes]]) -> Expected:
    """What the rows are held against, but for the rows themselves."""
    with connection.cursor() as cursor:
        cursor.execute(COPIES)
        copies = frozenset(row[0] for row in cursor.fetchall())
    return Expected(
        mac_key=mac_key,
        public_key=key,
        notes=notes(),
        anchors=anchors,
        people=people(key),
        copies=copies,
    )


def is_sealed(leaf: bytes) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM audit_seal WHERE leaf = %s)", [leaf])
        return bool(cursor.fetchone()[0])


def disabled_triggers() -> Break | None:
    """Whether each table of the log still refuses change, by triggers that always fire."""
    refuse = import_module("audit.migrations.0002_append_only").REFUSE
    append_only = import_module("audit.migrations.0004_append_only_log").REFUSED
    wanted = {}
    for table, events in append_only.items():
        on_rows = ROW | BEFORE | UPDATE | (DELETE if "DELETE" in events else 0)
        wanted[table, f"{table}_rows"] = on_rows
        wanted[table, f"{table}_truncate"] = BEFORE | TRUNCATE
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        firing = {
            (table, name): kind
            for table, name, enabled, kind, whole, source in cursor.fetchall()
            if enabled == ALWAYS and whole and source == refuse.split("$$")[1]
        }
    missing = sorted(
        name for (table, name), kind in wanted.items() if firing.get((table, name)) != kind
    )
    if not missing:
        return None
    return Break(Kind.TRIGGERS_DISABLED, f"{', '.join(missing)} would let changes through")
