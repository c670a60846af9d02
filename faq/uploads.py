"""Files between their preview and their confirmation."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from audit.models import SubjectKey
from audit.people.pseudonyms import stored_name
from audit.privacy.redaction import redact


class Upload(models.Model):
    """A file between its preview and its confirmation. Nothing reads it but whoever brought it."""

    name = models.CharField(max_length=200)
    format = models.CharField(max_length=20)
    data = models.BinaryField(help_text="Encrypted, since nothing of it is redacted yet.")
    by = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keep(cls, data: bytes, *, name: str, format: str, by: str) -> Upload:
        name = redact(name, region=settings.PHONE_REGION)[:200]
        closed = SubjectKey.objects.get_or_create_key(by).encrypt(data.decode("latin-1"))
        made: Upload = cls.objects.create(name=name, format=format, data=closed, by=stored_name(by))
        return made

    def content(self) -> bytes:
        """The file. Raises ``encryption.DecryptionError`` once whoever brought it is erased."""
        return (
            SubjectKey.objects.get_or_create_key(self.by)
            .decrypt(bytes(self.data))
            .encode("latin-1")
        )
