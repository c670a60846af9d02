"""Decide whether a site ingests its file of FAQs when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from faq.files.reader import Unreadable
from faq.files.sources import Source
from faq.models import Faq, IngestedFile, Release


@dataclass(frozen=True)
class StartUp:
    """The ``source`` to ingest, or None with the reason."""

    source: Source | None
    reason: str = ""


def at_start(path: Path) -> StartUp:
    """Decide whether a starting site ingests this file.

    It does if the site is empty, or if its FAQs come from this file and the file has changed.
    Other sites keep their FAQs, so that demo FAQs are never mixed in.
    Raises ``Unreadable`` if a file to read is missing.
    """
    last = IngestedFile.objects.first()
    if last is None:
        if not (Release.objects.exists() or Faq.objects.exists()):
            return StartUp(Source.at(path))
        return StartUp(None, f"this site has FAQs that do not come from {path}")
    if last.path != str(path.resolve()):
        return StartUp(None, f"this site's FAQs come from {last}, not from {path}")
    alternates = Path(last.alternates_path) if last.alternates_path else None
    if alternates and not alternates.exists():
        return StartUp(None, f"its file of alternates {alternates} is missing")
    source = Source.at(path, alternates)
    if source.sha256 == last.sha256:
        return StartUp(None, f"{last} has not changed since release {last.release.number}")
    return StartUp(source)


def reads_file(path: Path) -> bool:
    """True if a start ingests this file, or fails to."""
    try:
        return at_start(path).source is not None
    except Unreadable:
        return True
