"""Tampering is detected and named; a clean log raises no alarm."""

from __future__ import annotations

import random

import pytest

from audit.log_format.checkpoint import Signer
from audit.log_format.verification import Kind, LogStart, Row, verify, verify_unsealed
from audit.tests.logs import MAC_KEY, Log, clean, sealed, written
from audit.tests.mutations import CHANGES, mutated

SIZE = 200
LOG = clean(SIZE)


def edited(log: Log) -> None:
    log.rows[50] = log.rows[50]._replace(stored=log.rows[50].stored.replace(b"text", b"TEXT"))


def edited_before_sealing(log: Log) -> None:
    rows = list(log.rows)
    rows[50] = rows[50]._replace(stored=rows[50].stored.replace(b"text", b"TEXT"))
    log.rows, log.notes = sealed([rows]).rows, sealed([rows]).notes


def a_column_edited(log: Log) -> None:
    log.rows[50] = log.rows[50]._replace(actor="p-0000000000000003", outcome="x")


def deleted(log: Log) -> None:
    log.rows[50] = log.rows[50]._replace(stored=None)


def deleted_with_its_place(log: Log) -> None:
    del log.rows[50]


def deleted_and_closed_up(log: Log) -> None:
    del log.rows[50]
    log.rows[50:] = [row._replace(sequence=row.sequence - 1) for row in log.rows[50:]]


def swapped(log: Log) -> None:
    one, other = log.rows[50], log.rows[90]
    log.rows[50] = other._replace(sequence=50, leaf=one.leaf, chain=one.chain)
    log.rows[90] = one._replace(sequence=90, leaf=other.leaf, chain=other.chain)


def swapped_with_their_places(log: Log) -> None:
    one, other = log.rows[50], log.rows[51]
    log.rows[50:52] = [other._replace(sequence=50), one._replace(sequence=51)]


def forged_in_between(log: Log) -> None:
    forged = written(10**6, "forged", mac_key=bytes(32), rng=random.Random(1))
    extra = sealed([[forged]], after=Log(log.rows[:50])).rows[50]
    moved = [row._replace(sequence=row.sequence + 1) for row in log.rows[50:]]
    log.rows[50:] = [extra, *moved]


def copied_and_sealed_again(log: Log) -> None:
    again = log.rows[20]._replace(record_id=10**6)
    rows = [*log.rows[:50], again, *log.rows[50:]]
    log.rows, log.notes = sealed([rows]).rows, sealed([rows]).notes


def the_key_of_somebody_deleted(log: Log) -> None:
    rows = list(log.rows)
    rows[50] = written(rows[50].record_id, "text", rng=random.Random(1))
    stored = rows[50].stored.replace(rows[50].actor.encode(), b"p-00000000000000ff")
    rows[50] = rows[50]._replace(actor="p-00000000000000ff", stored=stored)
    from audit.log_format import chain
    from audit.log_format.merkle import leaf_hash

    rows[50] = rows[50]._replace(mac=chain.mac(MAC_KEY, leaf_hash(stored)))
    log.rows, log.notes = sealed([rows]).rows, sealed([rows]).notes


def the_tail_cut(log: Log) -> None:
    del log.rows[50:]


def checkpoints_cut_as_well(log: Log) -> None:
    size = next(size for size, *_ in log.notes if size > 50)
    log.rows = log.rows[:size]
    log.notes = [note for note in log.notes if note[0] <= size]


def rebuilt_without_the_signing_key(log: Log) -> None:
    rows = [row for row in log.rows if row.sequence != 50]
    again = sealed([rows], signer=Signer("another"))
    log.rows, log.notes = again.rows, again.notes


def rebuilt_with_both_keys(log: Log) -> None:
    rows = [row for row in log.rows if row.sequence != 50]
    size = log.notes[-1][0]
    extra = written(10**6, "to fill up", rng=random.Random(1))
    again = sealed([[*rows, extra]])
    assert again.notes[-1][0] == size
    log.rows, log.notes = again.rows, again.notes


@pytest.mark.parametrize(
    ("tamper", "kind", "place"),
    [
        pytest.param(edited, Kind.CHANGED, 50, id="edited"),
        pytest.param(edited_before_sealing, Kind.CHANGED, 50, id="edited before it was sealed"),
        pytest.param(a_column_edited, Kind.CHANGED, 50, id="only a column edited"),
        pytest.param(deleted, Kind.MISSING, 50, id="deleted"),
        pytest.param(deleted_with_its_place, Kind.MISSING, 50, id="deleted with its place"),
        pytest.param(deleted_and_closed_up, Kind.MISSING, 50, id="deleted, the rest moved up"),
        pytest.param(swapped, Kind.REORDERED, 50, id="two swapped"),
        pytest.param(swapped_with_their_places, Kind.REORDERED, 50, id="two places swapped"),
        pytest.param(forged_in_between, Kind.INSERTED, 50, id="a forged one in between"),
        pytest.param(copied_and_sealed_again, Kind.INSERTED, 50, id="a copy of an older one"),
        pytest.param(the_key_of_somebody_deleted, Kind.MISSING, 50, id="somebody's key deleted"),
        pytest.param(the_tail_cut, Kind.TRUNCATED, 50, id="the tail cut"),
        pytest.param(rebuilt_without_the_signing_key, Kind.REBUILT, 0, id="rebuilt, another key"),
    ],
)
def test_tampering_is_named_without_an_anchor(tamper, kind, place):
    log = LOG.copy()
    tamper(log)

    problem = log.verify()

    assert problem is not None
    assert (problem.kind, problem.sequence) == (kind, place), str(problem)


@pytest.mark.parametrize(
    ("tamper", "kind"),
    [
        pytest.param(checkpoints_cut_as_well, Kind.TRUNCATED, id="the tail cut, checkpoints too"),
        pytest.param(lambda log: log.__init__(), Kind.TRUNCATED, id="everything deleted"),
        pytest.param(rebuilt_with_both_keys, Kind.REBUILT, id="rebuilt with both keys"),
    ],
)
def test_what_only_an_anchor_can_tell(tamper, kind):
    log = LOG.copy()
    tamper(log)

    assert log.verify() is None
    problem = log.verify(LOG.roots())
    assert problem is not None
    assert problem.kind is kind


def test_every_random_change_is_detected_with_the_anchor():
    rng = random.Random(6)
    anchors = LOG.roots()

    for change in CHANGES:
        log = LOG.copy()
        change(log, rng)
        assert log.verify(anchors), change.__name__
    for _ in range(100):
        name, log = mutated(LOG, rng)
        assert log.verify(anchors), name


@pytest.mark.parametrize("seed", range(30))
def test_a_clean_log_with_gaps_and_late_commits_raises_no_alarm(seed):
    log = clean(1 + seed * 7, seed=seed, late=0.3)

    assert log.verify() is None
    assert log.verify(log.roots()) is None


def test_an_empty_log_is_clean():
    assert Log().verify() is None


def test_a_record_that_waits_is_checked_too():
    row = written(1, "text", rng=random.Random(1))

    def kind(row: Row, due: str = "") -> Kind | None:
        problem = verify_unsealed([row], MAC_KEY, due=due).problem
        return problem and problem.kind

    assert kind(row) is None
    assert kind(row._replace(stored=row.stored + b" ")) is Kind.CHANGED
    assert kind(row._replace(outcome="better")) is Kind.CHANGED
    assert kind(row, due=row.at) is None
    assert kind(row, due=row.at[:-7] + "9+00:00") is Kind.UNSEALED


def test_records_that_others_name_are_collected_wherever_they_are():
    rng = random.Random(1)
    rows = [
        written(3, "text", rng=rng, previous=(1, 2)),
        written(4, '"previous":[9],', rng=rng),
        written(5, "text", rng=rng, previous=(4,)),
    ]

    log = sealed([rows[:2]])

    assert list(verify(log.rows, LogStart(), log.expected()).previous) == [1, 2]
    assert list(verify_unsealed(rows[2:], MAC_KEY).previous) == [4]
