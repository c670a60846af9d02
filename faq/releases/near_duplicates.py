"""Which FAQs are close to each other; it takes vectors, so the assistant registers a backend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from audit.backends import Backend
from faq.content import Content

NEAR_DUPLICATE = 0.85
"""Cosine from which two phrasings of different FAQs are pointed out: a question like either one
would hardly tell them apart. In the demo shop no two FAQs come closer than 0.76."""


@dataclass(frozen=True)
class Neighbour:
    """Another FAQ, by its phrasing that is closest to one of ours."""

    slug: str
    phrasing: str
    ours: str
    similarity: float

    @property
    def is_near_duplicate(self) -> bool:
        return self.similarity >= NEAR_DUPLICATE


class Neighbours(Protocol):
    def nearest(self, content: Content, *, limit: int) -> list[Neighbour]:
        """The other FAQs, drafts and live ones, closest to this one; best first."""
        ...

    def embedded(self, texts: Iterable[str]) -> set[str]:
        """Those of the texts whose vectors are there already."""
        ...


backend: Backend[Neighbours] = Backend("faq.releases.near_duplicates.backend")


def warnings(found: Sequence[Neighbour]) -> list[str]:
    """A line for each near-duplicate."""
    return [
        f"“{each.ours}” is nearly the same as “{each.phrasing}” of {each.slug} "
        f"(similarity {each.similarity:.2f}): a question like it may be asked back."
        for each in found
        if each.is_near_duplicate
    ]
