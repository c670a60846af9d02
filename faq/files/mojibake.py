"""Texts in UTF-8 that some program read as Windows-1252 and saved again. Pure."""

from __future__ import annotations

import re

# The first byte of a character in UTF-8 and the one after it, as Windows-1252 shows them.
_SUSPECT = re.compile(r"\S*[\u00c2-\u00f4][^\x00-\x7f]\S*")


def mojibake(text: str) -> str:
    """Why the text may have been read in a wrong encoding, by its first such word; or empty."""
    for word in _SUSPECT.findall(text):
        try:
            meant = word.encode("cp1252").decode()
        except UnicodeError:
            continue
        return f"{word} looks like {meant} read in another encoding"
    return ""
