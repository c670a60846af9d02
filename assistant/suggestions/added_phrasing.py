"""One more phrasing of an FAQ, and which decisions it may change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from assistant.decision.message import Message
from assistant.interfaces import Matrix, Vector
from assistant.matching.loaded_release import LoadedRelease
from faq.phrasing import normalise

TOLERANCE = 2e-3
"""Of a difference of two similarities with a vector of float16, each of which is off by at most
half of this."""


@dataclass(frozen=True)
class AddedPhrasing:
    """``text`` with its ``vector`` of length 1, added to the FAQ ``faq_id`` of a release."""

    before: LoadedRelease
    faq_id: str
    text: str
    vector: Vector

    @cached_property
    def after(self) -> LoadedRelease:
        """The release with it; policy and classifier stay."""
        content = self.before.contents[self.faq_id]
        extended = replace(content, alternates=(*content.alternates, self.text))
        return replace(
            self.before,
            contents={**self.before.contents, self.faq_id: extended},
            matrix=self.before.matrix.with_phrasing(self.faq_id, self.text, self.vector),
            candidates=None,
        )

    def may_change(self, message: Message, vector: Vector) -> bool:
        """Whether the decision about a message may be another one; False only if it cannot.

        ``vector``: that of the message's text, with the rounding of float16. It cannot if the
        phrasing is not the FAQ's nearest one, and the rules about words find no other conflict.
        """
        if self._needs_more_than_one_text(message) or self._adds_names:
            return True
        own = self._own_vectors @ vector
        nearest = float(own.max()) - TOLERANCE
        if float(self.vector @ vector) >= nearest:
            return True
        phrasings = self.before.contents[self.faq_id].phrasings
        return any(
            self._changes_conflict(message.text, phrasing)
            for phrasing, similarity in zip(phrasings, own.tolist(), strict=True)
            if similarity >= nearest
        )

    def _needs_more_than_one_text(self, message: Message) -> bool:
        is_exact = normalise(message.text) in self.after.exact
        return is_exact or message.refusal is not None or len(message.texts) > 1

    def _changes_conflict(self, question: str, phrasing: str) -> bool:
        conflicts = (
            release.wording.conflict(question, self.faq_id, phrasing)
            for release in (self.before, self.after)
        )
        return next(conflicts) != next(conflicts)

    @cached_property
    def _adds_names(self) -> bool:
        return self.before.wording.names != self.after.wording.names

    @cached_property
    def _own_vectors(self) -> Matrix:
        phrasings = self.before.contents[self.faq_id].phrasings
        return np.stack(
            [self.before.matrix.vector_of(self.faq_id, phrasing) for phrasing in phrasings]
        )
