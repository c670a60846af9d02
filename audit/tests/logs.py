"""A log as values, in the sealer's format, to tamper with in tests."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audit.log_format import chain
from audit.log_format.checkpoint import Checkpoint, Signer
from audit.log_format.merkle import Frontier, leaf_hash
from audit.log_format.verification import Break, Expected, LogStart, Row, roots_by_size, verify

MAC_KEY = bytes(range(32))
SIGNER = Signer("a secret of this test")


@dataclass
class Log:
    """Rows in order, and the checkpoints that were signed on the way."""

    rows: list[Row] = field(default_factory=list)
    notes: list[tuple[int, str, bytes]] = field(default_factory=list)

    def copy(self) -> Log:
        return Log(list(self.rows), list(self.notes))

    def roots(self) -> dict[int, set[bytes]]:
        """What an anchor that got every checkpoint would hold."""
        return roots_by_size(
            Checkpoint.parse(SIGNER.public.verified_text(note)) for _, note, _ in self.notes
        )

    def expected(self, anchors: dict[int, set[bytes]] | None = None) -> Expected:
        macs = [row.mac for row in sorted(self.rows, key=lambda row: row.record_id)]
        first = {mac: number for number, mac in reversed(list(enumerate(macs)))}
        by_id = sorted(self.rows, key=lambda row: row.record_id)
        return Expected(
            mac_key=MAC_KEY,
            public_key=SIGNER.public,
            notes=self.notes,
            anchors=anchors or {},
            people={f"p-{number:016x}" for number in range(10)},
            copies=frozenset(
                row.record_id for number, row in enumerate(by_id) if first[row.mac] != number
            ),
        )

    def verify(self, anchors: dict[int, set[bytes]] | None = None) -> Break | None:
        leaves = [row.leaf for row in self.rows]
        problem = verify(self.rows, LogStart(), self.expected(anchors)).problem
        return problem and problem.classified(lambda leaf: leaf in leaves)


def written(
    record_id: int,
    text: str,
    *,
    mac_key: bytes = MAC_KEY,
    rng: random.Random,
    previous: tuple[int, ...] = (),
) -> Row:
    """A record as a request writes it; it has no place yet."""
    moment = datetime(2026, 11, 23) + timedelta(seconds=record_id)
    at = f"{moment.isoformat(timespec='microseconds')}+00:00"
    columns = {
        "action": "question.asked",
        "outcome": rng.choice(["answered", "unanswered"]),
        "actor": f"p-{rng.randrange(10):016x}",
        "subject": "",
        "about": f'ask:"{record_id}"',
        "request_id": f"{record_id:08x}",
    }
    stored = chain.canonical(
        chain.Header(at=at, **columns),
        nonce=rng.randbytes(16),
        facts={"text": text},
        private=rng.randbytes(rng.randrange(200)),
        previous=previous,
    )
    mac = chain.mac(mac_key, leaf_hash(stored))
    return Row(0, record_id, b"", b"", stored, mac, at, **columns)


def sealed(rounds: list[list[Row]], *, signer: Signer = SIGNER, after: Log | None = None) -> Log:
    """A log with one checkpoint for the records of every round."""
    log = after.copy() if after else Log()
    tree, chained = Frontier(), chain.GENESIS
    for row in log.rows:
        tree.append(row.leaf)
        chained = row.chain
    for records in rounds:
        for row in records:
            assert row.stored is not None
            leaf = leaf_hash(row.stored)
            chained = chain.link(chained, leaf)
            log.rows.append(row._replace(sequence=tree.size, leaf=leaf, chain=chained))
            tree.append(leaf)
        note = signer.note(Checkpoint(tree.size, tree.root()).text())
        log.notes.append((tree.size, note, tree.as_bytes()))
    return log


def clean(size: int, *, seed: int = 1, late: float = 0.1) -> Log:
    """A log of ``size`` records whose ids have gaps, and of which some were committed late."""
    rng = random.Random(seed)
    unwritten, record_id = [], 0
    for number in range(size):
        record_id += rng.choice([1, 1, 1, 2, 33])
        unwritten.append(written(record_id, f"text {number}", rng=rng))
    rounds: list[list[Row]] = []
    waiting: list[Row] = []
    while unwritten or waiting:
        batch = unwritten[: rng.randrange(1, max(2, size // 20))]
        unwritten = unwritten[len(batch) :]
        ready = [row for row in [*waiting, *batch] if not unwritten or rng.random() > late]
        waiting = [row for row in [*waiting, *batch] if row not in ready]
        if ready:
            rounds.append(sorted(ready, key=lambda row: row.record_id))
    return sealed(rounds)
