"""Uploaded files that wait for confirmation."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from audit.models import SubjectKey
from audit.people.pseudonyms import stored_name
from audit.privacy.redaction import redact
from faq.sources.source import Source


class Upload(models.Model):
    """A file between preview and confirmation, encrypted; only its uploader can read it."""

    name = models.CharField(max_length=200)
    format = models.CharField(max_length=20)
    data = models.BinaryField(help_text="The file, encrypted.")
    by = models.CharField(max_length=200)
    source = models.ForeignKey(
        "faq.Source", models.CASCADE, null=True, help_text="What it was read from, if not a file."
    )
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def store(
        cls, data: bytes, *, name: str, format: str, by: str, source: Source | None = None
    ) -> Upload:
        name = redact(name, region=settings.PHONE_REGION)[:200]
        encrypted = SubjectKey.objects.get_or_create_key(by).encrypt(data.decode("latin-1"))
        upload: Upload = cls.objects.create(
            name=name, format=format, data=encrypted, by=stored_name(by), source=source
        )
        return upload

    def content(self) -> bytes:
        """The file. Raises ``encryption.DecryptionError`` after its uploader was erased."""
        return (
            SubjectKey.objects.get_or_create_key(self.by)
            .decrypt(bytes(self.data))
            .encode("latin-1")
        )
