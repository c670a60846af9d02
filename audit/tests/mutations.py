"""Ways to tamper with a log by chance, as somebody with the database but not the keys could."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

from audit.log_format.checkpoint import Checkpoint, Signer
from audit.tests.logs import Log, sealed, written


def mutated(log: Log, rng: random.Random) -> tuple[str, Log]:
    """A copy of the log with one random change in it, and the name of that change."""
    change = rng.choice(CHANGES)
    changed = log.copy()
    change(changed, rng)
    return change.__name__, changed


def flipped(data: bytes, rng: random.Random) -> bytes:
    """``data`` with one bit turned."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def a_bit_of_a_record(log: Log, rng: random.Random) -> None:
    at = rng.randrange(len(log.rows))
    stored = log.rows[at].stored
    assert stored
    log.rows[at] = log.rows[at]._replace(stored=flipped(stored, rng))


def a_bit_of_a_hash(log: Log, rng: random.Random) -> None:
    at = rng.randrange(len(log.rows))
    name = rng.choice(["leaf", "chain", "mac"])
    log.rows[at] = log.rows[at]._replace(**{name: flipped(getattr(log.rows[at], name), rng)})


def a_column(log: Log, rng: random.Random) -> None:
    at = rng.randrange(len(log.rows))
    name = rng.choice(["action", "outcome", "actor", "subject", "about", "request_id"])
    log.rows[at] = log.rows[at]._replace(**{name: "p-0000000000000099"})


def a_record_gone(log: Log, rng: random.Random) -> None:
    at = rng.randrange(len(log.rows))
    log.rows[at] = log.rows[at]._replace(stored=None, mac=None)


def a_record_and_its_place_gone(log: Log, rng: random.Random) -> None:
    del log.rows[rng.randrange(len(log.rows))]


def a_record_gone_and_the_rest_moved_up(log: Log, rng: random.Random) -> None:
    at = rng.randrange(len(log.rows))
    del log.rows[at]
    log.rows[at:] = [row._replace(sequence=row.sequence - 1) for row in log.rows[at:]]


def two_records_swapped(log: Log, rng: random.Random) -> None:
    one, other = rng.sample(range(len(log.rows)), 2)
    first, second = log.rows[one], log.rows[other]
    log.rows[one] = second._replace(sequence=one, leaf=first.leaf, chain=first.chain)
    log.rows[other] = first._replace(sequence=other, leaf=second.leaf, chain=second.chain)


def two_places_swapped(log: Log, rng: random.Random) -> None:
    one, other = rng.sample(range(len(log.rows)), 2)
    first, second = log.rows[one], log.rows[other]
    log.rows[one] = second._replace(sequence=one)
    log.rows[other] = first._replace(sequence=other)


def a_record_put_in(log: Log, rng: random.Random) -> None:
    at = rng.randrange(len(log.rows))
    forged = written(10**9, "forged", mac_key=rng.randbytes(32), rng=rng)
    original = log.rows[at]
    log.rows.insert(at, forged._replace(sequence=at, leaf=original.leaf, chain=original.chain))
    log.rows[at + 1 :] = [row._replace(sequence=row.sequence + 1) for row in log.rows[at + 1 :]]


def the_tail_cut(log: Log, rng: random.Random) -> None:
    size = rng.randrange(len(log.rows))
    del log.rows[size:]
    log.notes = [note for note in log.notes if note[0] <= size]


def everything_gone(log: Log, rng: random.Random) -> None:
    log.rows, log.notes = [], []


def rebuilt_without_the_key(log: Log, rng: random.Random) -> None:
    """The log is sealed again without one record, and signed with another key."""
    at = rng.randrange(len(log.rows))
    rng_key = Signer(str(rng.random()))
    remaining = [row for row in log.rows if row.sequence != at]
    log.rows, log.notes = _resealed([remaining], rng_key)


def rebuilt_with_the_stolen_keys(log: Log, rng: random.Random) -> None:
    """The log is sealed again with the original keys: only an anchor reveals it."""
    at = rng.randrange(len(log.rows))
    other = written(log.rows[at].record_id, "something else", rng=rng)
    remaining = [other if row.sequence == at else row for row in log.rows]
    sizes = [0, *(size for size, _, _ in log.notes)]
    rounds = [remaining[low:high] for low, high in pairwise(sizes)]
    rebuilt = sealed(rounds)
    log.rows, log.notes = rebuilt.rows, rebuilt.notes


def a_checkpoint(log: Log, rng: random.Random) -> None:
    at = rng.randrange(len(log.notes))
    size, note, frontier = log.notes[at]
    if rng.random() < 0.5:
        forged = Signer("another").note(Checkpoint(size, rng.randbytes(32)).text())
        log.notes[at] = (size, forged, frontier)
    else:
        log.notes[at] = (size, note, flipped(frontier, rng))


def the_last_checkpoint_gone(log: Log, rng: random.Random) -> None:
    del log.notes[-1]


def _resealed(rounds: list[list], signer: Signer) -> tuple[list, list]:
    rebuilt = sealed(rounds, signer=signer)
    return rebuilt.rows, rebuilt.notes


CHANGES: list[Callable[[Log, random.Random], None]] = [
    a_bit_of_a_record,
    a_bit_of_a_hash,
    a_column,
    a_record_gone,
    a_record_and_its_place_gone,
    a_record_gone_and_the_rest_moved_up,
    two_records_swapped,
    two_places_swapped,
    a_record_put_in,
    the_tail_cut,
    everything_gone,
    rebuilt_without_the_key,
    rebuilt_with_the_stolen_keys,
    a_checkpoint,
    the_last_checkpoint_gone,
]
