"""Vectors of texts: read from Postgres, embedded once if they are not there yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from assistant.entries import digest_of
from assistant.interfaces import Embedder, Matrix, Vector
from assistant.models import PhrasingVector

READ_AT_ONCE = 5_000
EMBED_AT_ONCE = 512
"""Texts embedded before they are saved: what a crash can cost."""

STORED_TYPE = np.dtype("<f4")

Progress = Callable[[int, int], None]


def stored(embedder: str, texts: Iterable[str]) -> dict[str, Vector]:
    """The vectors that are there already, by text."""
    wanted = {digest_of(text): text for text in texts}
    found = {}
    for digests in _chunks(list(wanted), READ_AT_ONCE):
        rows = PhrasingVector.objects.filter(embedder=embedder, digest__in=digests)
        for digest, vector in rows.values_list("digest", "vector").iterator(READ_AT_ONCE):
            found[wanted[bytes(digest)]] = np.frombuffer(vector, dtype=STORED_TYPE)
    return found


def ensure(
    embedder: Embedder, texts: Iterable[str], *, progress: Progress | None = None
) -> Mapping[str, Vector]:
    """The vector of every text; those not stored yet are embedded and saved, a batch at a time.

    Raises ``EmbedderUnavailable``. What was saved before an error stays and is not made again.
    """
    wanted = list(dict.fromkeys(texts))
    have = stored(embedder.name, wanted)
    # Texts of one length share a batch, so that none is padded to a long neighbour.
    missing = sorted((text for text in wanted if text not in have), key=len)
    done = 0
    for batch in _chunks(missing, EMBED_AT_ONCE):
        vectors = embedder.embed(batch)
        PhrasingVector.objects.bulk_create(
            [
                PhrasingVector(
                    embedder=embedder.name,
                    digest=digest_of(text),
                    vector=vector.astype(STORED_TYPE).tobytes(),
                )
                for text, vector in zip(batch, vectors, strict=True)
            ],
            ignore_conflicts=True,
        )
        have.update(zip(batch, vectors, strict=True))
        done += len(batch)
        if progress:
            progress(done, len(missing))
    return have


def matrix(rows: Sequence[Vector], *, dimension: int = 0) -> Matrix:
    """The rows as one matrix; ``dimension`` is that of one without rows."""
    return np.stack(rows).astype(np.float32) if rows else np.empty((0, dimension), np.float32)


def _chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
