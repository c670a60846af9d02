"""Detect UTF-8 text that was read as Windows-1252 (mojibake). Pure."""

from __future__ import annotations

import re

# The first two bytes of a UTF-8 character, decoded as Windows-1252.
_SUSPECT = re.compile(r"\S*[\u00c2-\u00f4][^\x00-\x7f]\S*")


def mojibake(text: str) -> str:
    """A warning with the first word that looks wrongly decoded; empty if there is none."""
    for word in _SUSPECT.findall(text):
        try:
            decoded = word.encode("cp1252").decode()
        except UnicodeError:
            continue
        return f"{word} looks like {decoded} in a wrong encoding; save the file as UTF-8"
    return ""
