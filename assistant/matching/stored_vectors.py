"""Vectors of texts: read from Postgres, or embedded and stored once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from assistant.interfaces import Embedder, Matrix, Vector
from assistant.matching.entries import digest_of
from assistant.models import PhrasingVector

READ_BATCH = 5_000
EMBED_BATCH = 512
"""Texts per transaction: at most so many vectors are lost in a crash."""

STORED_TYPE = np.dtype("<f4")

Progress = Callable[[int, int], None]


def stored(embedder: str, texts: Iterable[str]) -> dict[str, Vector]:
    """The stored vectors among those of ``texts``, by text."""
    text_of = {digest_of(text): text for text in texts}
    vectors = {}
    for digests in _chunks(list(text_of), READ_BATCH):
        rows = PhrasingVector.objects.filter(embedder=embedder, digest__in=digests)
        for digest, vector in rows.values_list("digest", "vector").iterator(READ_BATCH):
            vectors[text_of[bytes(digest)]] = np.frombuffer(vector, dtype=STORED_TYPE)
    return vectors


def ensure(
    embedder: Embedder, texts: Iterable[str], *, progress: Progress | None = None
) -> Mapping[str, Vector]:
    """The vector of every text; missing ones are embedded and saved in batches.

    Raises ``EmbedderUnavailable``. Batches saved before an error stay and are not embedded again.
    """
    vectors: dict[str, Vector] = {}
    for batch in ensure_in_batches(embedder, texts, progress=progress):
        vectors.update(batch)
    return vectors


def ensure_in_batches(
    embedder: Embedder, texts: Iterable[str], *, progress: Progress | None = None
) -> Iterator[Mapping[str, Vector]]:
    """Like ``ensure``, in batches: first the stored vectors, then each batch once it is saved.

    A thread embeds the next batch while the current one is saved and used by the caller.
    """
    unique = list(dict.fromkeys(texts))
    already_stored = stored(embedder.name, unique)
    # A batch is padded to its longest text, so sort by length.
    missing = sorted((text for text in unique if text not in already_stored), key=len)
    batches = list(_chunks(missing, EMBED_BATCH))
    done = 0
    with ThreadPoolExecutor(1) as pool:
        pending = [pool.submit(embedder.embed, batch) for batch in batches[:1]]
        yield already_stored
        for number, batch in enumerate(batches):
            vectors = pending.pop().result()
            pending += [
                pool.submit(embedder.embed, following) for following in batches[number + 1 :][:1]
            ]
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
    """The rows as one matrix; ``dimension``: that of a matrix without rows."""
    return np.stack(rows).astype(np.float32) if rows else np.empty((0, dimension), np.float32)


def _chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
