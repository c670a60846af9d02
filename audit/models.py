"""Append-only audit records.

A record is one plain insert in the caller's transaction. The sealer (``sealing.sealer``) gives it
its place in the log soon after. Its texts are encrypted under the key of the person they concern,
so that they can be erased while the record stays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
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

from audit import audit_file, committed, keys
from audit.action_labels import action_label
from audit.identity import caller, request_id
from audit.log_format import chain
from audit.log_format.merkle import leaf_hash
from audit.people import encryption
from audit.people.pseudonyms import Pseudonym, SubjectKey, insert_keys_sql
from audit.privacy.redaction import redact, redact_tree
from audit.record_queries import AppendOnlyError, RecordManager, RecordQuerySet, about_of
from audit.seal_models import PruneCertificate, Seal, SignedCheckpoint
from audit.sealing.log_positions import LogPosition

__all__ = [
    "AppendOnlyError",
    "LogPosition",
    "PruneCertificate",
    "Record",
    "RecordQuerySet",
    "Seal",
    "SignedCheckpoint",
    "SubjectKey",
    "record",
]

PUBLIC_FIELDS = ("outcome", "source", "faq_id", "similarity", "release", "status", "roles")
"""Stored unencrypted, so still readable after the person is erased. Never a text."""

SUBJECT_FIELDS = ("user_id", "requester")
"""Members of ``data`` that name the person a record concerns, if ``subject`` is not set."""


class AuditUnavailable(Exception):
    """The record could not be written, so the recorded action must not happen either."""

    problem_status = 503

    def __str__(self) -> str:
        return "The audit trail cannot be written, so nothing was changed. Try again later."


class Record(models.Model):
    """One appended fact. Everything in it is redacted before it is written.

    ``canonical`` is hashed; the other columns repeat it for searching.
    """

    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=50, help_text="Such as ticket.claimed.")
    outcome = models.CharField(max_length=50, blank=True)
    actor_key = Pseudonym(db_column="actor", help_text="The person who did it; empty: the site.")
    subject_key = Pseudonym(db_column="subject", help_text="The person whom it concerns.")
    about = models.CharField(max_length=250, blank=True, help_text="The object, such as ticket:12.")
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
        return f"Record {self.pk}: {action_label(self.action)}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnlyError("Audit records cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("Audit records cannot be deleted.")

    @property
    def actor(self) -> str:
        """The person who did it; a pseudonym in brackets if that person was erased."""
        return _display_name(self.actor_key_id, self.actor_key)

    @property
    def subject(self) -> str:
        """The person whom it concerns; a pseudonym in brackets if that person was erased."""
        return _display_name(self.subject_key_id, self.subject_key)

    @cached_property
    def data(self) -> dict[str, Any]:
        """All recorded data; only ``PUBLIC_FIELDS`` if the rest was erased."""
        body = chain.body_of(bytes(self.canonical))
        key = self.subject_key or self.actor_key
        if not body.private or key is None:
            return body.facts
        try:
            private = json.loads(encryption.decrypt(body.private, bytes(key.key), body.nonce))
        except encryption.DecryptionError:
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
        """The record for the API; AUDIT_FILE adds ``hash``, the hash that is sealed."""
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

    ``subject`` is the person whom it concerns; by default ``user_id`` or ``requester`` of ``data``.
    Erasing that person erases all of ``data`` except ``PUBLIC_FIELDS``.

    Raises ``AuditUnavailable`` if it cannot be written. Do not catch it: the recorded action must
    be rolled back too.
    """
    payload = {**caller.facts(), **(data or {})}
    subject = subject or next(
        (str(payload[name]) for name in SUBJECT_FIELDS if payload.get(name)), ""
    )
    region = settings.PHONE_REGION
    redacted = redact_tree(payload, region=region)
    previous = committed.unlisted()
    try:
        people = SubjectKey.objects.get_many({name for name in (actor, subject) if name})
        row = compose(
            action,
            redacted,
            actor=people.get(actor),
            subject=people.get(subject),
            about=redact(about_of(kind, key), region=region)[:250],
            previous=previous,
        )
        new = [person for person in people.values() if person.is_new]
        insert(row, new)
    except (DatabaseError, InterfaceError) as failure:
        raise AuditUnavailable from failure
    if new:
        SubjectKey.objects.mark_saved(new)
    transaction.on_commit(lambda: committed.add(row.pk, previous))
    if settings.AUDIT_FILE:
        line = {**row.as_dict(), "hash": leaf_hash(bytes(row.canonical)).hex()}
        transaction.on_commit(lambda: audit_file.append(settings.AUDIT_FILE, line))
    return row


def insert(row: Record, new: list[SubjectKey]) -> None:
    """Insert a record and the keys of new people in one statement: no record without its key.

    Not by ``Model.save``, which takes longer to build the statement than Postgres to run it.
    """
    fields = Record._meta.concrete_fields[1:]
    columns = ", ".join([str(field.column) for field in fields])
    places = ", ".join(["%s"] * len(fields))
    with_clause, key_values = insert_keys_sql(new)
    insertion = f'INSERT INTO "audit_record" ({columns}) VALUES ({places}) RETURNING id'  # noqa: S608
    values = [getattr(row, field.attname) for field in fields]
    # As save() does: after a failure the caller's transaction cannot commit.
    rollback_on_error = transaction.mark_for_rollback_on_error(using=DEFAULT_DB_ALIAS)
    with rollback_on_error, connection.cursor() as cursor:
        cursor.execute(with_clause + insertion, [*key_values, *values])
        row.pk = cursor.fetchone()[0]
    row._state.adding = False


def compose(
    action: str,
    redacted: dict[str, Any],
    *,
    actor: SubjectKey | None,
    subject: SubjectKey | None,
    about: str,
    previous: Sequence[int] = (),
) -> Record:
    """A record that is not inserted yet, with ``redacted`` as its data.

    ``previous`` are ids of earlier records of this process.
    """
    at, nonce = timezone.now(), os.urandom(chain.NONCE_BYTES)
    header = chain.Header(
        at=utc(at),
        action=action,
        outcome=str(redacted.get("outcome") or "")[:50],
        actor=actor.pseudonym if actor else "",
        subject=subject.pseudonym if subject else "",
        about=about,
        request_id=request_id.current.get(),
    )
    key = subject or actor
    facts, private = _split(redacted, has_subject=subject is not None) if key else (redacted, {})
    ciphertext = (
        encryption.encrypt(chain.compact_json(private), bytes(key.key), nonce)
        if key and private
        else b""
    )
    canonical = chain.canonical(
        header, nonce=nonce, facts=facts, private=ciphertext, previous=previous
    )
    row = Record(
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
    row.data = redacted
    return row


def _split(redacted: dict[str, Any], *, has_subject: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The permanent part, and the part that can be erased."""
    # Without a subject, only the certificate is personal data: the actor's.
    is_public = PUBLIC_FIELDS.__contains__ if has_subject else lambda name: name != "certificate"
    facts = {name: value for name, value in redacted.items() if is_public(name)}
    return facts, {name: value for name, value in redacted.items() if name not in facts}


def utc(at: datetime) -> str:
    """Such as 2026-11-23T09:30:00.000001+00:00."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _display_name(pseudonym: str | None, key: SubjectKey | None) -> str:
    if not pseudonym:
        return ""
    return key.name if key else f"({pseudonym})"
