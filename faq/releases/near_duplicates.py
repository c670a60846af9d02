"""Find FAQs that are close to each other. The assistant registers the backend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from audit.backends import Backend
from faq.content import Content

NEAR_DUPLICATE = 0.85
"""Cosine similarity from which phrasings of two FAQs are reported as too close to separate.
In the demo shop no two FAQs exceed 0.76."""


@dataclass(frozen=True)
class Neighbour:
    """The closest phrasing of another FAQ, and the phrasing of this one that it is close to."""

    slug: str
    phrasing: str
    own_phrasing: str
    similarity: float

    @property
    def is_near_duplicate(self) -> bool:
        return self.similarity >= NEAR_DUPLICATE


class Neighbours(Protocol):
    def nearest(self, content: Content, *, limit: int) -> list[Neighbour]:
        """The closest other FAQs, drafts included; the closest first."""
        ...

    def texts_with_vectors(self, texts: Iterable[str]) -> set[str]:
        """The texts that already have a vector."""
        ...


backend: Backend[Neighbours] = Backend("faq.releases.near_duplicates.backend")


def warnings(neighbours: Sequence[Neighbour]) -> list[str]:
    """A sentence for each near-duplicate."""
    return [
        f"“{neighbour.own_phrasing}” is nearly the same as “{neighbour.phrasing}” of "
        f"{neighbour.slug} (similarity {neighbour.similarity:.2f}). The assistant may not be able "
        "to tell the two apart and ask the customer to choose."
        for neighbour in neighbours
        if neighbour.is_near_duplicate
    ]
