"""Who did what, and it stays so.

A record is written by one plain insert in the caller's transaction. The sealer (``sealing.py``)
gives it its place in the log soon after. Its texts are encrypted under the key of the person they
concern, so that they can be erased although the record stays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    InterfaceError,
    connection,
    models,
    transaction,
)
from django.utils import timezone

from audit import audit_file, keys
from audit.identity import caller, request_id
from audit.log_format import chain
from audit.log_format.merkle import leaf_hash
from audit.people import encryption
from audit.people.pseudonyms import Pseudonym, SubjectKey, bringing
from audit.privacy.redaction import redact, redact_tree
from audit.seal_models import PruneCertificate, Seal, SignedCheckpoint

__all__ = ["PruneCertificate", "Record", "Seal", "SignedCheckpoint", "SubjectKey", "record"]

OPEN = ("outcome", "source", "faq_id", "similarity", "release", "status", "roles")
"""What a record about a person says openly, also after that person was erased: never a text."""

CONCERNS = ("user_id", "requester")
"""Members of ``data`` that name whom a record concerns."""


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

    def by(self, name: str) -> RecordQuerySet:
        """What one person did."""
        return self.filter(actor_key__in=SubjectKey.objects.whose(name).values("pk"))

    def concerning(self, name: str) -> RecordQuerySet:
        """What was done by or for one person."""
        own = SubjectKey.objects.whose(name).values("pk")
        return self.filter(models.Q(subject_key__in=own) | models.Q(actor_key__in=own))


class RecordManager(models.Manager.from_queryset(RecordQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> RecordQuerySet:
        """With the keys of everybody in it, so that reading a page takes one query."""
        found: RecordQuerySet = super().get_queryset().select_related("actor_key", "subject_key")
        return found


class Record(models.Model):
    """One appended fact. Everything in it is redacted before it is written.

    ``canonical`` is what is hashed; the other columns are there to search by and say the same.
    """

    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=50, help_text="noun.verbed, such as ticket.claimed")
    outcome = models.CharField(max_length=50, blank=True)
    actor_key = Pseudonym(db_column="actor", help_text="Who did it; empty: the site")
    subject_key = Pseudonym(db_column="subject", help_text="Whom it concerns")
    about = models.CharField(max_length=250, blank=True, help_text="kind:key, such as ticket:12")
    request_id = models.CharField(max_length=64, blank=True)
    canonical = models.BinaryField()
    mac = models.BinaryField()

    objects: ClassVar[RecordManager] = RecordManager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "audit record"
        indexes = (
            models.Index(fields=["about"], name="audit_about"),
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["actor_key", "-id"], name="audit_actor"),
            models.Index(fields=["subject_key", "-id"], name="audit_subject"),
            models.Index(fields=["at"], name="audit_at"),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnlyError("Audit records cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("Audit records cannot be deleted.")

    @property
    def actor(self) -> str:
        """Who did it; a pseudonym in brackets once that person was erased."""
        return _shown(self.actor_key_id, self.actor_key)

    @property
    def subject(self) -> str:
        """Whom it concerns, likewise."""
        return _shown(self.subject_key_id, self.subject_key)

    @cached_property
    def data(self) -> dict[str, Any]:
        """All that was recorded; only what is open if the rest was erased."""
        body = chain.body_of(bytes(self.canonical))
        key = self.subject_key or self.actor_key
        if not body.private or key is None:
            return body.facts
        try:
            private = json.loads(encryption.open_(body.private, bytes(key.key), body.nonce))
        except encryption.Unreadable:
            return body.facts
        return {**body.facts, **private}

    @property
    def is_erased(self) -> bool:
        """Whether a person it names was erased."""
        return bool(
            (self.actor_key_id and not self.actor_key)
            or (self.subject_key_id and not self.subject_key)
        )

    def concerns(self, user_id: str) -> bool:
        """Whether it records something done by or for that person."""
        key = self.subject_key or self.actor_key
        return key is not None and key.is_of(user_id)

    def as_dict(self) -> dict[str, Any]:
        """The record as AUDIT_FILE and the API show it."""
        return {
            "id": self.pk,
            "at": self.at.isoformat(),
            "action": self.action,
            "outcome": self.outcome,
            "actor": self.actor,
            "subject": self.subject,
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
    subject: str = "",
    kind: str = "",
    key: object = "",
    data: Mapping[str, Any] | None = None,
) -> Record:
    """Append one redacted fact, in the caller's transaction if there is one.

    ``subject`` is whom it concerns; unless given, whom ``data`` names as user_id or requester. All
    of ``data`` but its ``OPEN`` members can then be erased with that person.

    Raises ``AuditUnavailable`` when it cannot be written: let it pass, so that what was to be
    recorded is rolled back with it.
    """
    given = {**caller.facts(), **(data or {})}
    subject = subject or next((str(given[name]) for name in CONCERNS if given.get(name)), "")
    region = settings.PHONE_REGION
    told = redact_tree(given, region=region)
    try:
        people = SubjectKey.objects.of({name for name in (actor, subject) if name})
        made = compose(
            action,
            told,
            actor=people.get(actor),
            subject=people.get(subject),
            about=redact(about(kind, key), region=region)[:250],
        )
        new = [person for person in people.values() if person.is_new]
        insert(made, new)
    except (DatabaseError, InterfaceError) as failure:
        raise AuditUnavailable from failure
    if new:
        SubjectKey.objects.made(new)
    if settings.AUDIT_FILE:
        transaction.on_commit(lambda: audit_file.append(settings.AUDIT_FILE, made.as_dict()))
    return made


def insert(made: Record, new: list[SubjectKey]) -> None:
    """One statement, with the keys of people who are new: there is never a record without its key.

    Not by ``Model.save``, which takes longer to write the statement than Postgres to obey it.
    """
    fields = Record._meta.concrete_fields[1:]
    columns = ", ".join([str(field.column) for field in fields])
    places = ", ".join(["%s"] * len(fields))
    brought, keys_brought = bringing(new)
    statement = f'{brought}INSERT INTO "audit_record" ({columns}) VALUES ({places}) RETURNING id'  # noqa: S608
    values = [getattr(made, field.attname) for field in fields]
    # As save() does: whoever goes on after a failure cannot commit what was to be recorded.
    stop = transaction.mark_for_rollback_on_error(using=DEFAULT_DB_ALIAS)
    with stop, connection.cursor() as cursor:
        cursor.execute(statement, [*keys_brought, *values])
        made.pk = cursor.fetchone()[0]
    made._state.adding = False


def compose(
    action: str,
    told: dict[str, Any],
    *,
    actor: SubjectKey | None,
    subject: SubjectKey | None,
    about: str,
) -> Record:
    """A record that is still to be inserted; ``told`` is redacted."""
    at, nonce = timezone.now(), os.urandom(chain.NONCE_BYTES)
    header = chain.Header(
        at=utc(at),
        action=action,
        outcome=str(told.get("outcome") or "")[:50],
        actor=actor.pseudonym if actor else "",
        subject=subject.pseudonym if subject else "",
        about=about,
        request_id=request_id.current.get(),
    )
    key = subject or actor
    facts, private = _split(told, has_subject=subject is not None) if key else (told, {})
    closed = (
        encryption.close(chain.compact(private), bytes(key.key), nonce) if key and private else b""
    )
    canonical = chain.canonical(header, nonce=nonce, facts=facts, private=closed)
    made = Record(
        at=at,
        action=action,
        outcome=header.outcome,
        actor_key=actor,
        subject_key=subject,
        about=about,
        request_id=header.request_id,
        canonical=canonical,
        mac=chain.mac(keys.mac_key(), leaf_hash(canonical)),
    )
    made.data = told
    return made


def _split(told: dict[str, Any], *, has_subject: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stays for ever, and what can be erased."""
    # Without a person it concerns, only the certificate speaks of somebody: of who did it.
    is_open = OPEN.__contains__ if has_subject else lambda name: name != "certificate"
    facts = {name: value for name, value in told.items() if is_open(name)}
    return facts, {name: value for name, value in told.items() if name not in facts}


def utc(at: datetime) -> str:
    """Such as 2026-11-23T09:30:00.000001+00:00."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _shown(pseudonym: str | None, key: SubjectKey | None) -> str:
    if not pseudonym:
        return ""
    return key.name if key else f"({pseudonym})"
