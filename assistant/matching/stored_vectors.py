"""Vectors of texts: read from Postgres, embedded once if they are not stored yet."""

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
    """The vectors that are stored, by text."""
    text_of = {digest_of(text): text for text in texts}
    vectors = {}
    for digests in _chunks(list(text_of), READ_AT_ONCE):
        rows = PhrasingVector.objects.filter(embedder=embedder, digest__in=digests)
        for digest, vector in rows.values_list("digest", "vector").iterator(READ_AT_ONCE):
            vectors[text_of[bytes(digest)]] = np.frombuffer(vector, dtype=STORED_TYPE)
    return vectors


def ensure(
    embedder: Embedder, texts: Iterable[str], *, progress: Progress | None = None
) -> Mapping[str, Vector]:
    """The vector of every text; those not stored yet are embedded and saved, a batch at a time.

    Raises ``EmbedderUnavailable``. Batches saved before an error stay and are not embedded again.
    """
    vectors: dict[str, Vector] = {}
    for batch in arriving(embedder, texts, progress=progress):
        vectors.update(batch)
    return vectors


def arriving(
    embedder: Embedder, texts: Iterable[str], *, progress: Progress | None = None
) -> Iterator[Mapping[str, Vector]]:
    """As ``ensure``, in batches: first the stored ones, then each batch once it is saved.

    While a batch is saved, and while the caller uses it, the next one is embedded; the first
    while the caller uses those that are stored.
    """
    unique = list(dict.fromkeys(texts))
    known = stored(embedder.name, unique)
    # Texts of one length share a batch, so that none is padded to a long neighbour.
    missing = sorted((text for text in unique if text not in known), key=len)
    batches = list(_chunks(missing, EMBED_AT_ONCE))
    done = 0
    with ThreadPoolExecutor(1) as pool:
        begun = [pool.submit(embedder.embed, batch) for batch in batches[:1]]
        yield known
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
