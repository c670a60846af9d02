"""A progress bar on a terminal, and silence elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from faq.releases.publishing import Progress


@contextmanager
def bar(description: str) -> Iterator[Progress]:
    """Give a function that is told how many are done, of how many."""
    # disable=None: tqdm draws only where stderr is a terminal.
    with tqdm(desc=description, unit=" phrasings", disable=None, leave=False) as drawn:

        def progress(done: int, total: int) -> None:
            drawn.total = total
            drawn.update(done - drawn.n)

        yield progress
