"""What people decide about suggestions and proposed FAQs alike: to dismiss or to open again."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction

from audit.models import record


class Dismissable(models.Model):
    """A row with ``status`` and people behind it. Each change is recorded in its transaction."""

    kind: str
    """What it is called in the audit trail."""

    status: Any
    dismissed_because = models.CharField("reason", max_length=200, blank=True)
    people_at_dismissal = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    def count_people(self) -> int:
        """The distinct people behind it."""
        raise NotImplementedError

    def dismiss(self, reason: str, *, by: str) -> None:
        """It stays dismissed until twice as many people asked."""
        changes = {"status": "dismissed", "dismissed_because": reason}
        people = self.count_people()
        with transaction.atomic():
            self._lock()
            if self.status == "open":
                self._change(
                    *("dismissed", by), {"reason": reason}, **changes, people_at_dismissal=people
                )

    def reopen(self, *, by: str) -> None:
        """Open a dismissed one again; ``by`` is empty if twice as many people asked."""
        with transaction.atomic():
            self._lock()
            if self.status == "dismissed":
                self._change("reopened", by, {}, status="open", dismissed_because="")

    def _lock(self) -> None:
        rows: Any = type(self)._default_manager.select_for_update()
        self.refresh_from_db(from_queryset=rows)

    def _change(self, verb: str, by: str, data: dict[str, Any], **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self, name, value)
        self.save(update_fields=[*fields])
        record(f"{self.kind}.{verb}", actor=by, kind=self.kind, key=self.pk, data=data)
