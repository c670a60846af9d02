"""Queries of audit records: by person, by object, and never a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from django.db import models

from audit.people.pseudonyms import SubjectKey

if TYPE_CHECKING:
    from audit.models import Record


class AppendOnlyError(Exception):
    """An attempt to change or delete an audit record."""


def about_of(kind: str, key: object) -> str:
    """The column ``about`` of an object, such as ``ticket:12``; empty if ``key`` is empty."""
    return f"{kind}:{key}" if key else ""


class RecordQuerySet(models.QuerySet["Record"]):
    """Refuses changes with a clear error; the database's triggers are the real guard."""

    def update(self, **_: Any) -> NoReturn:
        raise AppendOnlyError("Audit records cannot be changed.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("Audit records cannot be deleted.")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        raise AppendOnlyError("Audit records cannot be changed.")

    def about(self, kind: str, key: object) -> RecordQuerySet:
        """The records about one thing, such as ``about("ticket", 12)``."""
        return self.filter(about=about_of(kind, key))

    def in_order_of(self, ids: Sequence[int]) -> list[Record]:
        """Those of the records that are in this set, in the order of ``ids``."""
        records = self.in_bulk(ids)
        return [records[pk] for pk in ids if pk in records]

    def by(self, name: str) -> RecordQuerySet:
        """Records of what one person did."""
        return self.filter(actor_key__in=SubjectKey.objects.for_person(name).values("pk"))

    def concerning(self, name: str) -> RecordQuerySet:
        """Records of what was done by or for one person."""
        own = SubjectKey.objects.for_person(name).values("pk")
        return self.filter(models.Q(subject_key__in=own) | models.Q(actor_key__in=own))


class RecordManager(models.Manager.from_queryset(RecordQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> RecordQuerySet:
        """Joins the keys of actor and subject, so that a page takes one query."""
        queryset: RecordQuerySet = super().get_queryset().select_related("actor_key", "subject_key")
        return queryset
