"""What a site does with its file of FAQs when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from faq.files.reader import Unreadable
from faq.files.sources import Source
from faq.models import Faq, IngestedFile, Release


@dataclass(frozen=True)
class StartUp:
    """What a start has to do with a file: ``source`` to ingest, or None and why not."""

    source: Source | None
    reason: str = ""


def at_start(path: Path) -> StartUp:
    """Whether a site that starts has to read this file of FAQs.

    It does where the site is empty, or was last filled from this file and the file has changed.
    A site that was filled in another way keeps its FAQs as they are: no demo is mixed into them.
    Raises ``Unreadable`` if a file to be read is not there.
    """
    last = IngestedFile.objects.first()
    if last is None:
        if not (Release.objects.exists() or Faq.objects.exists()):
            return StartUp(Source.at(path))
        return StartUp(None, f"this site has FAQs that were not read from {path}")
    if last.path != str(path.resolve()):
        return StartUp(None, f"this site was last filled from {last}, not from {path}")
    alternates = Path(last.alternates_path) if last.alternates_path else None
    if alternates and not alternates.exists():
        return StartUp(None, f"{alternates} was read with it and is not there any more")
    source = Source.at(path, alternates)
    if source.sha256 == last.sha256:
        return StartUp(None, f"{last} has not changed since release {last.release.number}")
    return StartUp(source)


def reads_file(path: Path) -> bool:
    """Whether a start ingests this file, or fails at it."""
    try:
        return at_start(path).source is not None
    except Unreadable:
        return True
