"""The status of one record in the log, without reading the rest of the log."""

from __future__ import annotations

from dataclasses import dataclass

from audit import keys
from audit.log_format import chain
from audit.log_format.checkpoint import BadNote, Checkpoint
from audit.log_format.merkle import leaf_hash
from audit.models import Record, Seal, SignedCheckpoint


@dataclass(frozen=True)
class RecordStatus:
    """``lines`` describe the checks; ``is_valid`` is whether all of them passed."""

    is_valid: bool
    lines: tuple[str, ...]


def status_of(record: Record) -> RecordStatus:
    """Check the stored bytes of a record against its MAC, its seal and the checkpoint."""
    stored = bytes(record.canonical)
    leaf = leaf_hash(stored)
    has_valid_mac = chain.mac(keys.mac_key(), leaf) == bytes(record.mac)
    results = [
        (has_valid_mac, "written by this site" if has_valid_mac else "not as this site wrote it")
    ]
    if any(person and not person.is_intact for person in (record.actor_key, record.subject_key)):
        results.append((False, "a name in it was changed"))
    seal = Seal.objects.filter(record_id=record.pk).first()
    if seal is None:
        return _combine([*results, (True, "not sealed yet: within a second or two")])
    is_same = bytes(seal.leaf) == leaf
    place = f"place {seal.sequence} in the log"
    results.append((is_same, place if is_same else f"{place}, where another text was sealed"))
    before = Seal.objects.filter(sequence=seal.sequence - 1).first()
    if before:
        is_chained = chain.link(bytes(before.chain), leaf) == bytes(seal.chain)
        results.append(
            (is_chained, "chained to the record before" if is_chained else "chain broken")
        )
    covering = SignedCheckpoint.objects.filter(size__gt=seal.sequence).first()
    results.append(_checkpoint_result(covering))
    return _combine(results)


def _checkpoint_result(checkpoint: SignedCheckpoint | None) -> tuple[bool, str]:
    if checkpoint is None:
        return False, "no checkpoint covers it"
    try:
        signed = Checkpoint.parse(keys.public_key().verified_text(checkpoint.note))
    except keys.NoSigningKey:
        return True, f"under the checkpoint of {checkpoint.size} records, unchecked here"
    except BadNote:
        return False, f"the checkpoint of {checkpoint.size} records is not signed by this site"
    return signed.size == checkpoint.size, f"under the signed checkpoint of {signed.size} records"


def _combine(results: list[tuple[bool, str]]) -> RecordStatus:
    return RecordStatus(all(passed for passed, _ in results), tuple(line for _, line in results))
