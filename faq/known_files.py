"""Files that were read in before, and would change nothing now: known without reading them.

What an ingest does follows from the file, what it is told to do, this program, the live release,
and what the drafts it compares with say. All of it as one digest is a situation. One in which an
ingest was found to change nothing is kept; whatever differs later makes another one, and the file
is read.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection, models

from audit.channels import Channel, Mode

KEPT = 10
"""Several files may be read in turn."""


class KnownFile(models.Model):
    """A situation in which reading a file in changes nothing."""

    situation = models.CharField(max_length=64, unique=True)
    unchanged = models.PositiveIntegerField(help_text="How many FAQs it has.")
    missing = models.JSONField(default=list, help_text="Published FAQs that it does not have.")

    def __str__(self) -> str:
        return self.situation[:8]

    @classmethod
    def keep(cls, situation: str, *, unchanged: int, missing: Sequence[str]) -> None:
        cls.objects.update_or_create(
            situation=situation, defaults={"unchanged": unchanged, "missing": list(missing)}
        )
        newest = cls.objects.order_by("-pk").values("pk")[:KEPT]
        cls.objects.exclude(pk__in=newest).delete()


def digest_of(files: Iterable[bytes | None]) -> str:
    """Of a file and of the one that goes with it, if one does."""
    return _digest(*(hashlib.sha256(file).hexdigest() if file else "" for file in files))


def situation(file: str, *, retire_missing: bool, keep_edits: bool) -> str:
    """Of a file by its ``digest_of``; empty where it must be read whatever was found before: what
    finds personal data is none of this program's."""
    if settings.REDACTION[Channel.FAQS] in (Mode.REDACT, Mode.REJECT):
        return ""
    with connection.cursor() as cursor:
        cursor.execute(KNOWLEDGE)
        knowledge = [str(value) for value in cursor.fetchone() or ()]
    return _digest(file, str(retire_missing), str(keep_edits), _program(), *knowledge)


KNOWLEDGE = """
    SELECT
        (SELECT id FROM faq_release ORDER BY number DESC LIMIT 1),
        (
            SELECT encode(sha256(convert_to(string_agg(
                json_build_array(slug, file_digest, threshold, margin, audience)::text,
                ',' ORDER BY slug
            ), 'UTF8')), 'hex')
            FROM faq_faq
        )
"""
"""The live release, which never changes, and all that an ingest asks of drafts to tell which of
them a file changes."""


@cache
def _program() -> str:
    """Another version may read the same file in another way, and another Python compare letters in
    another way."""
    digest = hashlib.sha256(sys.version.encode())
    here = Path(__file__).resolve().parent
    for package in (here, here.parent / "audit"):
        for source in sorted(package.glob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
