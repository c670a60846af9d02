"""The live release as /ask uses it: in memory, and never an older one than Postgres has."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from assistant import vectors
from assistant.classifier import Classifier
from assistant.decision import Match
from assistant.entries import entries, phrasings
from assistant.interfaces import EmbedderUnavailable, Vector
from assistant.matching import ReleaseMatrix
from assistant.models import FittedPolicy
from assistant.policy import Override, Overrides
from faq.content import Content, Rule
from faq.models import Release
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

    def find(
        self, text: str, vector: Vector, *, limit: int, category: str = ""
    ) -> list[Match]:
        """The FAQs closest to a question, with all that a policy looks at."""
        categories = {category} if category else None
        found = self.matrix.match(vector, limit=limit, categories=categories)
        votes = self.classifier.votes(vector) if self.classifier else {}
        slug, phrasing = self.exact.get(normalise(text), (None, ""))
        return [
            replace(
                match,
                vote=votes.get(match.faq_id),
                exact=match.faq_id == slug,
                phrasing=phrasing if match.faq_id == slug else match.phrasing,
            )
            for match in found
        ]

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

    @cached_property
    def categories(self) -> frozenset[str]:
        return frozenset(content.category for content in self.contents.values())


EMPTY = LoadedRelease(0, None, {}, ReleaseMatrix([]))


class LiveRelease:
    """Asks Postgres for the live number at every question, and loads a release when it changes."""

    def __init__(self, embedder: str) -> None:
        self._embedder = embedder
        self._loaded = EMPTY
        self._loading = threading.Lock()

    def current(self) -> LoadedRelease:
        """The live release; empty before the first one.

        Raises ``EmbedderUnavailable`` if its vectors are another model's.
        """
        newest = Release.objects.order_by("-number").values_list("pk", flat=True).first()
        if newest is None:
            return EMPTY
        loaded = self._loaded
        if loaded.pk == newest:
            return loaded
        with self._loading:
            # Another thread may have loaded it, or a still newer one, while this one waited.
            if self._loaded.pk < newest:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> LoadedRelease:
        release = Release.objects.order_by("-number")[0]
        if release.embedder != self._embedder:
            raise EmbedderUnavailable(
                f"Release {release.number} was made with {release.embedder}, but LOCAL_EMB_MODEL "
                f"is {self._embedder}: run manage.py publish, or set LOCAL_EMB_MODEL back."
            )
        knowledge_base = release.knowledge_base()
        contents = knowledge_base.contents
        known = vectors.stored(release.embedder, phrasings(contents.values()))
        return LoadedRelease(
            pk=release.pk,
            number=release.number,
            contents=contents,
            rules=knowledge_base.rules,
            matrix=ReleaseMatrix(entries(contents.values(), known)),
            **_fitted(release.policy),
        )


def _fitted(digest: str) -> dict[str, Any]:
    stored = FittedPolicy.objects.filter(digest=digest).first() if digest else None
    if stored is None:
        return {}
    classifier = Classifier.from_dict(stored.classifier) if stored.classifier else None
    return {"numbers": stored.numbers, "classifier": classifier}
