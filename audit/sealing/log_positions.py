"""How far each consumer has read the sealed log, so that it reads every record exactly once.

Every sealed record has one sequence number. What a consumer writes and its next sequence number
are written in one transaction, even if workers are killed or run at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from django.db import models, transaction

from audit.seal_models import Seal

Fold = Callable[[Sequence[int]], None]
"""Writes what a consumer derives from records; gets their ids in sealed order."""


class LogPositionManager(models.Manager["LogPosition"]):
    def read_new(self, consumer: str, fold: Fold, *, batch_size: int) -> int:
        """Fold the records sealed since the last call; returns how many there were.

        ``fold`` is called in a transaction, once for each batch of at most ``batch_size``.
        """
        total = 0
        while True:
            with transaction.atomic():
                size = self._read_batch(consumer, fold, batch_size)
            total += size
            if size < batch_size:
                return total

    def _read_batch(self, consumer: str, fold: Fold, batch_size: int) -> int:
        position = self.lock(consumer)
        sealed = Seal.objects.filter(sequence__gte=position.sequence).order_by("sequence")
        rows = list(sealed.values_list("sequence", "record_id")[:batch_size])
        if not rows:
            return 0
        fold([record_id for _, record_id in rows])
        position.sequence = rows[-1][0] + 1
        position.save()
        return len(rows)

    def lock(self, consumer: str) -> LogPosition:
        """The consumer's position; another worker waits until this transaction ends."""
        self.get_or_create(pk=consumer)
        return self.select_for_update().get(pk=consumer)

    def reset(self, consumer: str) -> None:
        """Read from the beginning again. Delete what was derived in the same transaction."""
        position = self.lock(consumer)
        position.sequence = 0
        position.save()


class LogPosition(models.Model):
    """The next sequence number of the log that a consumer reads."""

    consumer = models.CharField(max_length=50, primary_key=True)
    sequence = models.BigIntegerField(default=0)

    objects: ClassVar[LogPositionManager] = LogPositionManager()

    def __str__(self) -> str:
        return f"{self.consumer}: {self.sequence}"
