"""How long to wait between the tries of a delivery. Pure."""

from __future__ import annotations


def waits(text: str) -> tuple[int, ...]:
    """``10,60,300``: seconds after each failed try. Raises ``ValueError``."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"seconds like 10,60,300, not {text!r}")
    return tuple(map(int, parts))
