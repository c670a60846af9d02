"""A progress bar, drawn only on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from faq.releases.publishing import Progress


@contextmanager
def bar(description: str) -> Iterator[Progress]:
    """A function to call with the number done and the total."""
    # disable=None: tqdm draws only where stderr is a terminal.
    with tqdm(desc=description, unit=" phrasings", disable=None, leave=False) as progress_bar:

        def progress(done: int, total: int) -> None:
            progress_bar.total = total
            progress_bar.update(done - progress_bar.n)

        yield progress
