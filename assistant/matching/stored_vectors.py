"""Vectors of texts: read from Postgres, embedded once if they are not there yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from assistant.interfaces import Embedder, Matrix, Vector
from assistant.matching.entries import digest_of
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
    have: dict[str, Vector] = {}
    for some in arriving(embedder, texts, progress=progress):
        have.update(some)
    return have


def arriving(
    embedder: Embedder, texts: Iterable[str], *, progress: Progress | None = None
) -> Iterator[Mapping[str, Vector]]:
    """As ``ensure``, some at a time: those that are stored, then each batch once it is saved.

    While a batch is saved, and while the caller uses it, the next one is embedded; the first
    while the caller uses those that are stored.
    """
    wanted = list(dict.fromkeys(texts))
    have = stored(embedder.name, wanted)
    # Texts of one length share a batch, so that none is padded to a long neighbour.
    missing = sorted((text for text in wanted if text not in have), key=len)
    batches = list(_chunks(missing, EMBED_AT_ONCE))
    done = 0
    with ThreadPoolExecutor(1) as pool:
        begun = [pool.submit(embedder.embed, batch) for batch in batches[:1]]
        yield have
        for number, batch in enumerate(batches):
            vectors = begun.pop().result()
            begun += [pool.submit(embedder.embed, after) for after in batches[number + 1 :][:1]]
            _save(embedder.name, batch, vectors)
            done += len(batch)
            if progress:
                progress(done, len(missing))
            yield dict(zip(batch, vectors, strict=True))


def _save(embedder: str, texts: Sequence[str], vectors: Matrix) -> None:
    PhrasingVector.objects.bulk_create(
        [
            PhrasingVector(
                embedder=embedder,
                digest=digest_of(text),
                vector=vector.astype(STORED_TYPE).tobytes(),
            )
            for text, vector in zip(texts, vectors, strict=True)
        ],
        ignore_conflicts=True,
    )


def matrix(rows: Sequence[Vector], *, dimension: int = 0) -> Matrix:
    """The rows as one matrix; ``dimension`` is that of one without rows."""
    return np.stack(rows).astype(np.float32) if rows else np.empty((0, dimension), np.float32)


def _chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
