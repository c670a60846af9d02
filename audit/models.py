"""Who did what, and it stays so."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import DatabaseError, InterfaceError, models, transaction

from audit import file, request_id
from audit.redaction import redact, redact_tree


class AppendOnlyError(Exception):
    """Someone tried to change or delete an audit record."""


class AuditUnavailable(Exception):
    """The record could not be written, so what it records must not happen either."""

    problem_status = 503

    def __str__(self) -> str:
        return "The audit trail cannot be written; nothing was done."


class RecordQuerySet(models.QuerySet["Record"]):
    """The friendly refusal; the database's triggers are the one that holds."""

    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError("Audit records cannot be changed.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("Audit records cannot be deleted.")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError("Audit records cannot be changed.")

    def about(self, kind: str, key: object) -> RecordQuerySet:
        """The records about one thing, such as ``about("ticket", 12)``."""
        return self.filter(about=about(kind, key))


class Record(models.Model):
    """One appended fact. Everything in it is redacted before it is written."""

    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=50, help_text="noun.verbed, such as ticket.claimed")
    actor = models.CharField(max_length=200, blank=True, help_text="Who did it; empty: the site")
    about = models.CharField(max_length=250, blank=True, help_text="kind:key, such as ticket:12")
    request_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[Record]] = models.Manager.from_queryset(RecordQuerySet)()

    class Meta:
        ordering = ("-id",)
        verbose_name = "audit record"
        indexes = (
            models.Index(fields=["about"], name="audit_about"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["at"], name="audit_at"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnlyError("Audit records cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("Audit records cannot be deleted.")

    def concerns(self, user_id: str) -> bool:
        """Whether it records something done by or for that person."""
        return bool(self.data.get("user_id") == redact(user_id, region=settings.PHONE_REGION))

    def as_dict(self) -> dict[str, Any]:
        """The record as AUDIT_FILE and the API show it."""
        return {
            "id": self.pk,
            "at": self.at.isoformat(),
            "action": self.action,
            "actor": self.actor,
            "about": self.about,
            "request_id": self.request_id,
            "data": self.data,
        }


def about(kind: str, key: object) -> str:
    return f"{kind}:{key}" if key else ""


def record(
    action: str,
    *,
    actor: str = "",
    kind: str = "",
    key: object = "",
    data: dict[str, Any] | None = None,
) -> Record:
    """Append one redacted fact, in the caller's transaction if there is one.

    Raises ``AuditUnavailable`` when it cannot be written: let it pass, so that what was to be
    recorded is rolled back with it.
    """
    region = settings.PHONE_REGION
    made = Record(
        action=action,
        actor=redact(actor, region=region)[:200],
        about=redact(about(kind, key), region=region)[:250],
        request_id=request_id.current.get(),
        data=redact_tree(data or {}, region=region),
    )
    try:
        made.save(force_insert=True)
    except (DatabaseError, InterfaceError) as failure:
        raise AuditUnavailable from failure
    if settings.AUDIT_FILE:
        transaction.on_commit(lambda: file.append(settings.AUDIT_FILE, made.as_dict()))
    return made
