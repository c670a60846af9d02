"""Read files of FAQs, from paths or uploads, into validated rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from faq.files.formats import FORMATS
from faq.files.personal_data import redact_or_reject_rows
from faq.files.reader import (
    FileContent,
    Limits,
    Problem,
    Unreadable,
    merge_alternates,
    read_alternates,
    split_valid,
)

EXTENSIONS = {".xlsx": "xlsx", ".json": "json"}
"""Format by file extension; other extensions are read as CSV."""


@dataclass(frozen=True)
class Source:
    """A file of FAQs and an optional file of alternate questions.

    Paths are absolute; empty for an upload.
    """

    name: str
    faqs: bytes
    alternates: bytes | None = None
    format: str = "csv"
    path: str = ""
    alternates_path: str = ""

    @classmethod
    def at(cls, path: Path, alternates: Path | None = None) -> Source:
        """Read the files. Raises ``Unreadable`` if one is missing or too large."""
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
        """64 hex digits: of the file alone, or of the digests of both files."""
        digest = hashlib.sha256(self.faqs).hexdigest()
        if self.alternates is None:
            return digest
        digests = digest + hashlib.sha256(self.alternates).hexdigest()
        return hashlib.sha256(digests.encode()).hexdigest()

    def read(self) -> FileContent:
        """The validated rows. Raises ``Unreadable`` with every problem of the file."""
        content = split_valid(FORMATS[self.format].read, self.faqs, limits=Limits())
        if content.problems:
            raise Unreadable(sorted(content.problems, key=lambda problem: problem.row or 0))
        rows = content.rows
        if self.alternates is not None:
            rows = merge_alternates(rows, read_alternates(self.alternates))
        stored, problems = redact_or_reject_rows(rows)
        if problems:
            raise Unreadable(problems)
        return FileContent(stored, [], content.notes)


def read_path(path: Path) -> bytes:
    """The bytes of a file. Raises ``Unreadable`` if it is missing or too large."""
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
