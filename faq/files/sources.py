"""Files of FAQs: from paths or uploads to checked rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from faq.files.formats import FORMATS
from faq.files.personal_data import split_admitted
from faq.files.reader import (
    FileContent,
    Limits,
    Problem,
    Unreadable,
    read_alternates,
    split_valid,
    with_alternates,
)

EXTENSIONS = {".xlsx": "xlsx", ".json": "json"}
"""Of files by path; any other one is CSV."""


@dataclass(frozen=True)
class Source:
    """A file of FAQs and, where there is one, the file of alternate questions beside it.

    Paths are absolute, and empty for an upload.
    """

    name: str
    faqs: bytes
    alternates: bytes | None = None
    format: str = "csv"
    path: str = ""
    alternates_path: str = ""

    @classmethod
    def at(cls, path: Path, alternates: Path | None = None) -> Source:
        """Read the files. Raises ``Unreadable`` if one is not there or too large."""
        return cls(
            name=path.name,
            faqs=read_path(path),
            alternates=read_path(alternates) if alternates else None,
            format=EXTENSIONS.get(path.suffix.lower(), "csv"),
            path=str(path.resolve()),
            alternates_path=str(alternates.resolve()) if alternates else "",
        )

    @property
    def sha256(self) -> str:
        """64 hex digits: of the file alone, or of the digests of both."""
        digests = [hashlib.sha256(each).hexdigest() for each in (self.faqs, self.alternates or b"")]
        if self.alternates is None:
            return digests[0]
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def read(self) -> FileContent:
        """The rows, without problems. Raises ``Unreadable`` with all of them, if there are any."""
        content = split_valid(FORMATS[self.format].read, self.faqs, limits=Limits())
        if content.problems:
            raise Unreadable(sorted(content.problems, key=lambda problem: problem.row or 0))
        rows = content.rows
        if self.alternates is not None:
            rows = with_alternates(rows, read_alternates(self.alternates))
        stored, problems = split_admitted(rows)
        if problems:
            raise Unreadable(problems)
        return FileContent(stored, [], content.notes)


def read_path(path: Path) -> bytes:
    """The bytes of a file; ``Unreadable`` if it is not there or too large to be meant."""
    try:
        if path.stat().st_size > Limits().file_bytes:
            raise Unreadable(
                [Problem(None, None, f"{path} is larger than {Limits().file_bytes} bytes")]
            )
        return path.read_bytes()
    except OSError as failure:
        raise Unreadable(
            [Problem(None, None, f"{path} cannot be read: {failure.strerror}")]
        ) from None
