"""Files of FAQs: from a path or an upload to checked rows."""

from __future__ import annotations

from pathlib import Path

from faq.cells import FaqRow
from faq.personal import sifted
from faq.reading import Limits, Problem, Unreadable, read_alternates, read_csv, with_alternates


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


def rows_of(faqs: bytes, alternates: bytes | None = None) -> list[FaqRow]:
    """Rows of a file, with the alternate questions of a second one if there is one.

    Raises ``Unreadable``, also for personal data where none is taken.
    """
    rows = read_csv(faqs)
    if alternates is not None:
        rows = with_alternates(rows, read_alternates(alternates))
    taken, problems = sifted(rows)
    if problems:
        raise Unreadable(problems)
    return taken
