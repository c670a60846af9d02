"""One release as /ask uses it: in memory, whole, immutable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from assistant.decision.decision import Match
from assistant.decision.message import Message
from assistant.decision.policy import Override, Overrides
from assistant.embedding.vector_cache import Embedded, VectorCache
from assistant.interfaces import EmbedderUnavailable, SearchResult, Vector
from assistant.matching.chroma_candidates import EXACT_UP_TO, CandidateSearch
from assistant.matching.classifier import Classifier
from assistant.matching.entries import phrasings
from assistant.matching.matrix import ReleaseMatrix
from assistant.text.language import ENGLISH_ONLY, words_of
from assistant.text.spelling import Spelling
from faq.content import Content, Rule
from faq.files.reader import normalise


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
    candidates: CandidateSearch | None = None
    """Which FAQs to compare where not all are."""

    def embed(self, texts: Sequence[str]) -> Embedded:
        """The unit vector of each text, embedded at once.

        Raises ``EmbedderUnavailable``, unless each text is in the cache or a phrasing itself: of
        these the release has the vectors.
        """
        if not self.embedder:
            return Embedded(dict.fromkeys(texts, NOTHING), cached=False)
        try:
            embedded = self.embedder.embed(texts)
        except EmbedderUnavailable:
            vectors = {text: self._stored_vector(text) for text in texts}
            stored = {text: vector for text, vector in vectors.items() if vector is not None}
            if len(stored) < len(vectors):
                raise
            return Embedded(stored, cached=True)
        dimension = len(embedded.vectors[texts[0]])
        if len(self.matrix) and dimension != self.matrix.dimension:
            raise EmbedderUnavailable(
                f"{self.embedder.name} gives vectors of {dimension} dimensions and gave "
                f"{self.matrix.dimension} when the release was made: publish it again."
            )
        return embedded

    def _stored_vector(self, text: str) -> Vector | None:
        cached = self.embedder.get(text) if self.embedder else None
        slug, phrasing = self.exact.get(normalise(text), ("", ""))
        return self.matrix.vector_of(slug, phrasing) if cached is None and slug else cached

    def search(
        self,
        text: str,
        vector: Vector,
        *,
        limit: int,
        category: str = "",
        audiences: Collection[str] | None = None,
        also: str = "",
        use_index: bool = False,
    ) -> SearchResult:
        """The FAQs closest to a question, with all that a policy looks at.

        ``audiences`` are those of whoever asks; None: whoever may see every FAQ. ``also``: a FAQ to
        include however far away it is, if they may see it. ``use_index``: compare Chroma's
        candidates only, as is done in any case above ``EXACT_UP_TO`` phrasings.
        """
        categories = {category} if category else None

        def match(limit: int, among: Collection[str] | None) -> list[Match]:
            return self.matrix.match(
                vector, limit=limit, categories=categories, audiences=audiences, among=among
            )

        among, degraded = None, False
        if self.candidates and (use_index or len(self.matrix) > EXACT_UP_TO):
            among = self.candidates(vector, category=category)
            degraded = among is None
        matches = match(limit, among)
        if among is not None and len(matches) < limit:
            # What they may see, or as many as this, may lie beyond the candidates.
            matches = match(limit, None)
        if also and all(match.faq_id != also for match in matches):
            matches += match(1, {also})
        return SearchResult(self._with_features(text, vector, matches), degraded=degraded)

    def _with_features(self, text: str, vector: Vector, matches: list[Match]) -> list[Match]:
        """With the classifier's votes, and the FAQ marked of which the text is a phrasing."""
        if self.classifier:
            votes = self.classifier.votes(vector, [match.faq_id for match in matches])
            matches = [replace(match, vote=votes.get(match.faq_id)) for match in matches]
        slug, phrasing = self.exact.get(normalise(text), (None, ""))
        return [
            replace(match, exact=True, phrasing=phrasing) if match.faq_id == slug else match
            for match in matches
        ]

    def visible(
        self, category: str = "", audiences: Collection[str] | None = None
    ) -> Mapping[str, Content]:
        """The FAQs that ``search`` may return."""
        if not category and (audiences is None or not self.has_audiences):
            return self.contents
        return {
            slug: content
            for slug, content in self.contents.items()
            if (not category or content.category == category)
            and (audiences is None or not content.audience or content.audience in audiences)
        }

    def warm_up(self) -> None:
        """Derive now what a question needs: what is there before a fork all workers share."""
        _ = self.spelling, self.words, self.has_audiences, self.exact, self.overrides
        _ = self.classifier and self.classifier.places

    @property
    def english_only(self) -> bool:
        return self.embedder is not None and self.embedder.name.startswith(ENGLISH_ONLY)

    def message(self, sent: str) -> Message:
        """What a person sent, as it is compared with this release."""
        return Message.of(
            sent, correct=self.correct, english_only=self.english_only, known=self.words
        )

    def correct(self, text: str) -> str:
        """A text with the typing errors fixed that the release's own words explain."""
        return self.spelling.correct(text) if self.spelling else text

    @cached_property
    def spelling(self) -> Spelling | None:
        """None where the model cannot say which words there are: nothing is corrected then."""
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
