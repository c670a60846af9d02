"""The fields of every row about one ask."""

from __future__ import annotations

from django.db import models


class RecordedAsk(models.Model):
    """One ask. Its text is read from the audit trail when it is shown."""

    ask_id = models.UUIDField(unique=True)
    record_id = models.BigIntegerField(help_text="The audit record of the ask.")
    person = models.CharField(max_length=64, help_text="A pseudonym.")
    at = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.ask_id)
