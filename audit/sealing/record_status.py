"""Where one record stands in the log: what can be told of it without reading the rest."""

from __future__ import annotations

from dataclasses import dataclass

from audit import keys
from audit.log_format import chain
from audit.log_format.checkpoint import BadNote, Checkpoint
from audit.log_format.merkle import leaf_hash
from audit.models import Record, Seal, SignedCheckpoint


@dataclass(frozen=True)
class Standing:
    """``lines`` say it in words; ``holds`` is whether all of them are good."""

    holds: bool
    lines: tuple[str, ...]


def of(record: Record) -> Standing:
    """Checked now, from the stored bytes."""
    stored = bytes(record.canonical)
    leaf = leaf_hash(stored)
    ours = chain.mac(keys.mac_key(), leaf) == bytes(record.mac)
    checked = [(ours, "written by this site" if ours else "not as this site wrote it")]
    seal = Seal.objects.filter(record_id=record.pk).first()
    if seal is None:
        return _standing([*checked, (True, "not sealed yet: within a second or two")])
    same = bytes(seal.leaf) == leaf
    place = f"place {seal.sequence} in the log"
    checked.append((same, place if same else f"{place}, where another text was sealed"))
    before = Seal.objects.filter(sequence=seal.sequence - 1).first()
    if before:
        linked = chain.link(bytes(before.chain), leaf) == bytes(seal.chain)
        checked.append((linked, "chained to the record before" if linked else "chain broken"))
    covering = SignedCheckpoint.objects.filter(size__gt=seal.sequence).first()
    checked.append(_covered(covering))
    return _standing(checked)


def _covered(checkpoint: SignedCheckpoint | None) -> tuple[bool, str]:
    if checkpoint is None:
        return False, "no checkpoint covers it"
    try:
        signed = Checkpoint.parse(keys.public_key().opened(checkpoint.note))
    except keys.NoSigningKey:
        return True, f"under the checkpoint of {checkpoint.size} records, unchecked here"
    except BadNote:
        return False, f"the checkpoint of {checkpoint.size} records is not signed by this site"
    return signed.size == checkpoint.size, f"under the signed checkpoint of {signed.size} records"


def _standing(checked: list[tuple[bool, str]]) -> Standing:
    return Standing(all(good for good, _ in checked), tuple(said for _, said in checked))
