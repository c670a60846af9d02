"""Vectors of phrasings, kept in Postgres: the truth that every index and matrix is built from."""

from __future__ import annotations

from django.db import models


class PhrasingVector(models.Model):
    """One text as one embedder sees it. Never changed; releases that use the text share it."""

    embedder = models.CharField(max_length=300, help_text="model@weights; others do not compare")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the text")
    vector = models.BinaryField(help_text="float32, little-endian, of length 1")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["embedder", "digest"], name="assistant_vector_once"),
        )

    def __str__(self) -> str:
        return f"{self.embedder} {bytes(self.digest).hex()[:8]}"
