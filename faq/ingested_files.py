"""The file that the site's FAQs come from."""

from __future__ import annotations

from django.db import models

from faq.files.sources import Source
from faq.release_models import Release


class IngestedFile(models.Model):
    """A file that was ingested, and the release it created or confirmed."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="files")
    name = models.CharField(max_length=300)
    path = models.CharField(max_length=1_000, blank=True, help_text="Empty for an upload.")
    alternates_path = models.CharField(max_length=1_000, blank=True)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        alternates = f" with {self.alternates_path}" if self.alternates_path else ""
        return f"{self.path or self.name}{alternates}"

    @classmethod
    def add(cls, source: Source, release: Release) -> IngestedFile:
        file: IngestedFile = cls.objects.create(
            release=release,
            name=source.name[:300],
            path=source.path,
            alternates_path=source.alternates_path,
            sha256=source.sha256,
        )
        return file
