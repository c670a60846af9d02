"""One release as /ask uses it: in memory, whole. Never changes, but for what it remembers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from assistant.classifier import Classifier
from assistant.decision import Match
from assistant.entries import phrasings
from assistant.interfaces import EmbedderUnavailable, Vector
from assistant.language import ENGLISH_ONLY, words_of
from assistant.matching import ReleaseMatrix
from assistant.nearby import CANDIDATES, EXACT_UP_TO, Nearby
from assistant.policy import Override, Overrides
from assistant.recent import Recent
from assistant.spelling import Spelling
from assistant.vector_cache import VectorCache
from faq.content import Content, Rule
from faq.reading import normalise


@dataclass(frozen=True)
class LoadedRelease:
    """One release, whole: its texts and the vectors of its phrasings."""

    pk: int
    number: int | None
    contents: Mapping[str, Content]
    matrix: ReleaseMatrix
    rules: Mapping[str, Rule] = field(default_factory=dict)
    numbers: Mapping[str, Any] | None = None
    """Of the policy fitted for it, if there is one."""
    classifier: Classifier | None = None
    embedder: VectorCache | None = None
    """Of its model: no vector of another one can meet its matrix."""
    nearby: Nearby | None = None
    """Where to look if it is large."""
    recent: Recent[tuple[Match, ...]] = field(default_factory=Recent, compare=False, repr=False)
    """What was closest to recent questions; of these only the vectors are kept."""

    def vector(self, text: str) -> tuple[Vector, bool]:
        """A question's vector, and whether it was remembered.

        Raises ``EmbedderUnavailable``, unless the question is a phrasing itself: of these the
        release has the vectors.
        """
        if not self.embedder:
            return NOTHING, False
        try:
            vector, cached = self.embedder.embed_one(text)
        except EmbedderUnavailable:
            slug, phrasing = self.exact.get(normalise(text), ("", ""))
            if not slug:
                raise
            return self.matrix.vector_of(slug, phrasing), True
        if len(self.matrix) and len(vector) != self.matrix.dimension:
            raise EmbedderUnavailable(
                f"{self.embedder.name} gives vectors of {len(vector)} dimensions and gave "
                f"{self.matrix.dimension} when the release was made: publish it again."
            )
        return vector, cached

    def glance(self, text: str) -> tuple[Vector, bool] | None:
        """A question's vector at a glance, and whether it was remembered; None if nobody can.

        Of a phrasing itself the release has the very vector.
        """
        slug, phrasing = self.exact.get(normalise(text), ("", ""))
        if slug:
            return self.matrix.vector_of(slug, phrasing), True
        if not self.embedder:
            return None
        with suppress(EmbedderUnavailable):
            return self.embedder.glance(text)
        return None

    def find(
        self,
        text: str,
        vector: Vector,
        *,
        limit: int,
        category: str = "",
        audiences: Collection[str] | None = None,
        also: str = "",
    ) -> list[Match]:
        """The FAQs closest to a question, with all that a policy looks at.

        ``audiences`` are those of whoever asks; None: whoever may see every FAQ. ``also``: a FAQ to
        tell of however far away it is, if they may see it.
        """
        audience = None if audiences is None else frozenset(audiences)
        asked = (vector.tobytes(), limit, category, audience, also)
        closest = self.recent.get(asked)
        if closest is None:
            closest = self._closest(vector, limit, category, audience, also)
            if limit <= CANDIDATES:
                self.recent.keep(asked, closest)
        slug, phrasing = self.exact.get(normalise(text), (None, ""))
        return [
            replace(match, exact=True, phrasing=phrasing) if match.faq_id == slug else match
            for match in closest
        ]

    def _closest(
        self,
        vector: Vector,
        limit: int,
        category: str,
        audiences: Collection[str] | None,
        also: str,
    ) -> tuple[Match, ...]:
        """With their votes. The same for the same vector, for as long as there is this release."""

        def match(limit: int, among: Collection[str] | None) -> list[Match]:
            categories = {category} if category else None
            return self.matrix.match(
                vector, limit=limit, categories=categories, audiences=audiences, among=among
            )

        found = match(limit, self._nearby(vector, whole=bool(category) or limit > CANDIDATES))
        if also and all(match.faq_id != also for match in found):
            found += match(1, {also})
        if self.classifier is None:
            return tuple(found)
        votes = self.classifier.votes(vector, [match.faq_id for match in found])
        return tuple(replace(match, vote=votes.get(match.faq_id)) for match in found)

    def _nearby(self, vector: Vector, *, whole: bool) -> Collection[str] | None:
        """Which FAQs to look at; None: all. Of those that not everybody sees, the nearest may be
        many that whoever asks does not see."""
        if self.nearby is None or len(self.matrix) <= EXACT_UP_TO or whole or self.has_audiences:
            return None
        return self.nearby(vector)

    def visible(
        self, category: str = "", audiences: Collection[str] | None = None
    ) -> Mapping[str, Content]:
        """What ``find`` may find."""
        if not category and (audiences is None or not self.has_audiences):
            return self.contents
        return {
            slug: content
            for slug, content in self.contents.items()
            if (not category or content.category == category)
            and (audiences is None or not content.audience or content.audience in audiences)
        }

    def prepare(self) -> None:
        """Derive now what a question needs: what is there before a fork all workers share."""
        _ = self.spelling, self.words, self.has_audiences, self.exact, self.overrides
        _ = self.classifier and self.classifier.places

    @property
    def english_only(self) -> bool:
        return self.embedder is not None and self.embedder.name.startswith(ENGLISH_ONLY)

    def mend(self, text: str) -> str:
        """A text with the slips that the release's own words explain put right."""
        return self.spelling.mend(text) if self.spelling else text

    @cached_property
    def spelling(self) -> Spelling | None:
        """None where the model cannot say which words there are: nothing is mended then."""
        known = self.embedder.words if self.embedder else frozenset()
        return Spelling(phrasings(self.contents.values()), known=known) if known else None

    @cached_property
    def words(self) -> frozenset[str]:
        """What counts as English whatever it is: FAQs have names of their own in them."""
        return words_of(
            phrasing for content in self.contents.values() for phrasing in content.phrasings
        )

    @cached_property
    def has_audiences(self) -> bool:
        return any(content.audience for content in self.contents.values())

    @cached_property
    def exact(self) -> Mapping[str, tuple[str, str]]:
        """Normalised phrasing -> slug and phrasing."""
        return {
            normalise(phrasing): (content.slug, phrasing)
            for content in self.contents.values()
            for phrasing in content.phrasings
        }

    @cached_property
    def overrides(self) -> Overrides:
        """The thresholds and margins that FAQs and categories ask for themselves."""
        return Overrides(
            faqs={
                slug: Override(content.threshold, content.margin)
                for slug, content in self.contents.items()
                if (content.threshold, content.margin) != (None, None)
            },
            categories={
                name: Override(rule.threshold, rule.margin) for name, rule in self.rules.items()
            },
        )


NOTHING: Vector = np.empty(0, dtype=np.float32)

EMPTY = LoadedRelease(0, None, {}, ReleaseMatrix([]))
