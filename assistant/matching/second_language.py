"""A release's FAQs in the vectors of a multilingual model.

For questions in languages that the release's own model cannot read.

Pure: numpy only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from assistant.decision.matches import Match
from assistant.embedding.vector_cache import VectorCache
from assistant.interfaces import Matrix, Vector
from assistant.matching.entries import entries, phrasings
from assistant.matching.matrix import ReleaseMatrix
from faq.content import Content


@dataclass(frozen=True, eq=False)
class SecondLanguage:
    """All vectors are centred on the mean of the release's phrasings.

    All vectors of such a model have a large common part: a question and any FAQ of a shop have a
    similarity of about 0.8. Without the common part, the right FAQ has a clear lead.
    """

    embedder: VectorCache
    matrix: ReleaseMatrix
    centre: Vector

    @classmethod
    def of(
        cls,
        contents: Collection[Content],
        vectors: Mapping[str, Vector],
        embedder: VectorCache,
    ) -> Self:
        """``vectors``: of the phrasings, by ``embedder``. Raises ``KeyError`` if one is missing."""
        texts = list(dict.fromkeys(phrasings(contents)))
        stored = np.stack([vectors[text] for text in texts])
        centre = stored.mean(axis=0)
        centred = dict(zip(texts, _centred(stored, centre), strict=True))
        return cls(embedder, ReleaseMatrix(entries(contents, centred)), centre)

    @cached_property
    def name(self) -> str:
        return self.embedder.name

    def match(
        self,
        text: str,
        *,
        limit: int,
        categories: Collection[str] | None = None,
        audiences: Iterable[str] | None = None,
    ) -> list[Match]:
        """The FAQs closest to a text in any language, best first, each by its best phrasing.

        ``similarity`` is the cosine of the centred vectors, -1..1. Raises ``EmbedderUnavailable``.
        """
        vector = self.embedder.embed([text]).vectors[text]
        (centred,) = _centred(vector[np.newaxis, :], self.centre)
        return self.matrix.match(
            centred,
            limit=limit,
            categories=categories,
            audiences=None if audiences is None else [*audiences],
        )


def _centred(vectors: Matrix, centre: Vector) -> Matrix:
    differences = vectors - centre
    lengths = np.linalg.norm(differences, axis=1, keepdims=True)
    # The only phrasing of a release equals the mean: the difference has no direction.
    without = (lengths < 1e-6)[:, 0]
    differences[without], lengths[without] = vectors[without], 1.0
    return np.asarray(differences / lengths, dtype=np.float32)
