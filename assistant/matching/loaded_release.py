"""One release as /ask uses it: in memory, complete, immutable."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from assistant.decision.matches import Match
from assistant.decision.message import Message
from assistant.decision.policy import Override, Overrides
from assistant.decision.reasons import Reason
from assistant.embedding.vector_cache import Embedded, VectorCache
from assistant.interfaces import EmbedderUnavailable, SearchResult, Vector
from assistant.matching.chroma_candidates import EXACT_UP_TO, CandidateSearch
from assistant.matching.classifier import Classifier
from assistant.matching.matrix import ReleaseMatrix
from assistant.matching.release_words import NO_TERMS, ReleaseWords
from assistant.matching.second_language import SecondLanguage
from assistant.meaning.wording import Wording
from assistant.text.language import ENGLISH_ONLY
from faq.content import Content, Rule
from faq.files.reader import normalise


@dataclass(frozen=True)
class LoadedRelease:
    """One release: its texts, and the vectors of its phrasings."""

    pk: int
    number: int | None
    contents: Mapping[str, Content]
    matrix: ReleaseMatrix
    rules: Mapping[str, Rule] = field(default_factory=dict)
    numbers: Mapping[str, Any] | None = None
    """The numbers of its fitted policy; None without one."""
    classifier: Classifier | None = None
    embedder: VectorCache | None = None
    """Of the release's own model, so that vectors of different models are never compared."""
    candidates: CandidateSearch | None = None
    """Proposes the FAQs to compare in a large release."""
    answers: CandidateSearch | None = None
    """Proposes FAQs by the sentences of their answers, which the matrix lacks."""
    second_language: SecondLanguage | None = None
    """For languages that the release's own model cannot read; None without a multilingual model."""

    def embed(self, texts: Sequence[str]) -> Embedded:
        """The unit vector of each text, embedded in one call.

        Raises ``EmbedderUnavailable``, unless every text is cached or is a phrasing of the release,
        whose vector is stored.
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
                f"{self.embedder.name} returns vectors of {dimension} dimensions, the release has "
                f"{self.matrix.dimension}: publish it again."
            )
        return embedded

    def _stored_vector(self, text: str) -> Vector | None:
        cached = self.embedder.get(text) if self.embedder else None
        faq_id, phrasing = self.exact.get(normalise(text), ("", ""))
        return self.matrix.vector_of(faq_id, phrasing) if cached is None and faq_id else cached

    def search(
        self,
        text: str,
        vector: Vector,
        *,
        limit: int,
        category: str = "",
        audiences: Collection[str] | None = None,
        also: Collection[str] = (),
    ) -> SearchResult:
        """The FAQs closest to a question, with the features a policy needs.

        ``audiences``: those of the caller; None: the caller may see every FAQ. ``also``: FAQs to
        include whatever their similarity, if the caller may see them. Above ``EXACT_UP_TO``
        phrasings only Chroma's candidates are compared. The FAQ of which the text is a phrasing is
        always included, if the caller may see it.
        """
        categories = {category} if category else None

        def match(limit: int, among: Collection[str] | None) -> list[Match]:
            return self.matrix.match(
                vector, limit=limit, categories=categories, audiences=audiences, among=among
            )

        among, degraded = None, False
        if self.candidates and len(self.matrix) > EXACT_UP_TO:
            among = self.candidates(vector, category=category)
            degraded = among is None
        matches = match(limit, among)
        if among is not None and len(matches) < limit:
            # The candidates may include too few FAQs that the caller may see.
            matches = match(limit, None)
        exact = self.exact.get(normalise(text), ("", ""))
        for needed in filter(None, dict.fromkeys((*also, exact[0]))):
            if all(match.faq_id != needed for match in matches):
                matches += match(1, {needed})
        return SearchResult(self._with_features(vector, matches, *exact), degraded=degraded)

    def search_answers(
        self,
        vector: Vector,
        *,
        limit: int,
        category: str = "",
        audiences: Collection[str] | None = None,
    ) -> SearchResult:
        """The FAQs whose answers have the sentences nearest to a question, nearest first.

        Their similarities are those of their phrasings. ``audiences``: see ``search``.
        """
        if not self.answers or not self.contents:
            return SearchResult([])
        faq_ids = self.answers(vector, category=category)
        if faq_ids is None:
            return SearchResult([], degraded=True)
        matches = self.matrix.match(
            vector,
            limit=len(faq_ids),
            categories={category} if category else None,
            audiences=audiences,
            among=faq_ids,
        )
        place = {faq_id: number for number, faq_id in enumerate(faq_ids)}
        matches.sort(key=lambda match: place[match.faq_id])
        return SearchResult(self._with_features(vector, matches[:limit], "", ""))

    def match_second_language(
        self,
        message: Message,
        *,
        limit: int,
        category: str = "",
        audiences: Collection[str] | None = None,
    ) -> list[Match]:
        """The FAQs closest to a message that is refused for its language, by the multilingual
        model; empty for any other message, and without such a model.

        Raises ``EmbedderUnavailable``.
        """
        if not self.second_language or message.refusal is not Reason.UNSUPPORTED_LANGUAGE:
            return []
        return self.second_language.match(
            message.text,
            limit=limit,
            categories={category} if category else None,
            audiences=audiences,
        )

    def _with_features(
        self, vector: Vector, matches: list[Match], faq_id: str, phrasing: str
    ) -> list[Match]:
        """Add the classifier's votes, and mark the FAQ of which the text is a phrasing."""
        if self.classifier:
            votes = self.classifier.votes(vector, [match.faq_id for match in matches])
            matches = [replace(match, vote=votes.get(match.faq_id)) for match in matches]
        return [
            replace(match, exact=True, phrasing=phrasing) if match.faq_id == faq_id else match
            for match in matches
            if match.faq_id == faq_id or match.phrasing not in self.words.unreadable
        ]

    def visible(
        self, category: str = "", audiences: Collection[str] | None = None
    ) -> Mapping[str, Content]:
        """The FAQs that ``search`` may return."""
        if not category and (audiences is None or not self.has_audiences):
            return self.contents
        return {
            faq_id: content
            for faq_id, content in self.contents.items()
            if (not category or content.category == category)
            and (audiences is None or not content.audience or content.audience in audiences)
        }

    def warm_up(self) -> None:
        """Compute the cached properties now: those computed before a fork are shared."""
        _ = self.has_audiences, self.exact, self.overrides
        _ = self.classifier and self.classifier.rows
        self.words.warm_up()

    def message(self, sent: str, *, priority_terms: Mapping[str, str] = NO_TERMS) -> Message:
        """A person's message, as the texts to compare with this release.

        ``priority_terms``: the id of each term's FAQ, see ``desk_texts``.
        """
        if normalise(sent) in self.exact:
            return Message(sent)
        return self.words.message(sent, priority_terms=priority_terms)

    @property
    def wording(self) -> Wording:
        """See ``ReleaseWords.wording``."""
        return self.words.wording

    @cached_property
    def words(self) -> ReleaseWords:
        """The words of its FAQs and of its model."""
        return ReleaseWords(
            self.contents,
            model_words=self.embedder.words if self.embedder else {},
            english_only=self.embedder is not None and self.embedder.name.startswith(ENGLISH_ONLY),
        )

    @cached_property
    def has_audiences(self) -> bool:
        return any(content.audience for content in self.contents.values())

    @cached_property
    def exact(self) -> Mapping[str, tuple[str, str]]:
        """faq_id and phrasing, by normalised phrasing."""
        return {
            normalise(phrasing): (content.slug, phrasing)
            for content in self.contents.values()
            for phrasing in content.phrasings
        }

    @cached_property
    def overrides(self) -> Overrides:
        """The thresholds and margins set for single FAQs and categories."""
        return Overrides(
            faqs={
                faq_id: Override(content.threshold, content.margin)
                for faq_id, content in self.contents.items()
                if (content.threshold, content.margin) != (None, None)
            },
            categories={
                name: Override(rule.threshold, rule.margin) for name, rule in self.rules.items()
            },
        )


NOTHING: Vector = np.empty(0, dtype=np.float32)

EMPTY = LoadedRelease(0, None, {}, ReleaseMatrix([]))
