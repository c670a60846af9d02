"""The tables of the sealed log, all append-only: seals, checkpoints, prune certificates."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Seal(models.Model):
    """A record's place in the log, assigned by the sealer."""

    sequence = models.BigIntegerField(primary_key=True, help_text="Counts from 0, without gaps.")
    record_id = models.BigIntegerField(unique=True)
    leaf = models.BinaryField(help_text="The leaf hash (RFC 6962) of the canonical bytes.")
    chain = models.BinaryField(help_text="The hash of the previous chain hash and the leaf.")

    class Meta:
        ordering = ("sequence",)

    def __str__(self) -> str:
        return f"{self.sequence}: record {self.record_id}"


class SignedCheckpoint(models.Model):
    """The log's Merkle root at one size, signed."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField(help_text="A C2SP tlog-checkpoint.")
    frontier = models.BinaryField(help_text="The roots of the full subtrees, the largest first.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("size",)

    def __str__(self) -> str:
        return f"{self.size} records"


class PruneCertificate(models.Model):
    """A certificate of the log's first ``size`` records, which now are only in an export."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField(help_text="Signed: size, root, chain, export, erased people.")
    frontier = models.BinaryField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("size",)

    def __str__(self) -> str:
        return f"the first {self.size} records"
