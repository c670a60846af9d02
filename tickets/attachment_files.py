"""Check files to attach: size, type and name. Pure: standard library only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_BYTES = 10 * 1024 * 1024
"""The size of all files of one message, limited so that they fit into a mail."""

MAX_FILES = 5
"""The number of files of one message."""

MAX_FILES_OF_TICKET = 50

MAX_NAME_LENGTH = 150

_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIP = (b"PK\x03\x04",)
TYPES: Mapping[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", (b"RIFF",)),
    "heic": ("image/heic", (b"\x00\x00\x00",)),
    "docx": (f"{_OFFICE}wordprocessingml.document", _ZIP),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", _ZIP),
    "odt": ("application/vnd.oasis.opendocument.text", _ZIP),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _ZIP),
    "txt": ("text/plain", ()),
    "csv": ("text/csv", ()),
}
"""By ending: the media type, and the first bytes; texts must be UTF-8 without NUL.

There are no archives and nothing that a browser or a desktop runs, such as HTML and SVG.
"""

ACCEPT = ",".join(f".{ending}" for ending in TYPES)
"""For the ``accept`` of a file input."""


class InvalidFile(ValueError):
    """The file may not be attached; the message says why, without its content."""


@dataclass(frozen=True)
class NewFile:
    """A file that may be attached."""

    name: str
    media_type: str
    data: bytes

    @classmethod
    def checked(cls, name: str, data: bytes) -> NewFile:
        """Raises ``InvalidFile`` for its type or size, or if its content has another type."""
        name = clean_name(name)
        ending = name.rpartition(".")[2].lower()
        if "." not in name or ending not in TYPES:
            raise InvalidFile(f"This type of file is not accepted. Use {', '.join(TYPES)}.")
        if not data:
            raise InvalidFile("The file is empty.")
        if len(data) > MAX_BYTES:
            raise InvalidFile(too_large())
        media_type, beginnings = TYPES[ending]
        if not (data.startswith(beginnings) if beginnings else _is_text(data)):
            raise InvalidFile(f"The content of the file is not {ending}.")
        return cls(name, media_type, data)


def check_together(files: Sequence[NewFile]) -> None:
    """Raises ``InvalidFile`` if they are too many or too large for one message."""
    if len(files) > MAX_FILES:
        raise InvalidFile(f"A message may have at most {MAX_FILES} files.")
    if sum(len(file.data) for file in files) > MAX_BYTES:
        raise InvalidFile(too_large())


def too_large() -> str:
    return f"The files of a message may have at most {MAX_BYTES // 1024 // 1024} MB together."


def clean_name(name: str) -> str:
    """Remove folders and control characters, and shorten a long name; the ending stays."""
    base = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(c for c in base if unicodedata.category(c)[0] != "C").strip(" .")
    stem, dot, ending = visible.rpartition(".")
    return f"{stem[: MAX_NAME_LENGTH - len(ending) - 1]}{dot}{ending}"[-MAX_NAME_LENGTH:]


def _is_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode()
    except UnicodeDecodeError:
        return False
