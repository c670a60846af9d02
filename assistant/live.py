"""The live release as /ask uses it: in memory, and as new as Postgres has it.

While a process loads a new release, only the question that noticed it waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from django.db import InterfaceError, OperationalError, connection

from assistant import vectors
from assistant.classifier import Classifier
from assistant.decision import Match
from assistant.entries import entries, phrasings
from assistant.integer_product import product_of
from assistant.interfaces import EmbedderUnavailable, Vector
from assistant.language import ENGLISH_ONLY, words_of
from assistant.matching import ReleaseMatrix
from assistant.models import FittedPolicy
from assistant.nearby import CANDIDATES, EXACT_UP_TO, Nearby
from assistant.policy import Override, Overrides
from assistant.recent import Recent
from assistant.spelling import Spelling
from assistant.vector_cache import VectorCache
from audit.server_cursor import server_cursor
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


class LiveRelease:
    """Asks Postgres for the live number at every question, and loads a release when it changes."""

    def __init__(
        self,
        embedder_of: Callable[[Release], VectorCache],
        nearby_of: Callable[[Release], Nearby] | None = None,
    ) -> None:
        self._embedder_of = embedder_of
        self._nearby_of = nearby_of
        self._loaded = EMPTY
        self._loading = threading.Lock()

    def current(self) -> LoadedRelease:
        """The live release; empty before the first one.

        Raises ``EmbedderUnavailable`` if its model is not on this machine.
        """
        newest = _newest()
        if newest is None:
            return EMPTY
        loaded = self._loaded
        if loaded.pk == newest:
            return loaded
        # One thread loads it; meanwhile the others go on with the one before, if there is one.
        if not self._loading.acquire(blocking=loaded is EMPTY):
            return loaded
        try:
            # Another thread may have loaded it while this one waited. Not "older than": what a
            # transaction saw of its own and then rolled back must not stay.
            if self._loaded.pk != newest:
                loaded = self._load()
                loaded.prepare()
                self._loaded = loaded
            return self._loaded
        finally:
            self._loading.release()

    def _load(self) -> LoadedRelease:
        release = Release.objects.order_by("-number")[0]
        embedder = self._embedder_of(release)
        knowledge_base = release.knowledge_base()
        contents = knowledge_base.contents
        known = vectors.stored(release.embedder, phrasings(contents.values()))
        return LoadedRelease(
            pk=release.pk,
            number=release.number,
            contents=contents,
            rules=knowledge_base.rules,
            embedder=embedder,
            nearby=self._nearby_of(release) if self._nearby_of else None,
            matrix=ReleaseMatrix(entries(contents.values(), known), product_of=product_of),
            **_fitted(release.policy),
        )


NEWEST = "SELECT id FROM faq_release ORDER BY number DESC LIMIT 1"


def _newest() -> int | None:
    """The live release's primary key; None before the first.

    Every question asks this, mostly as the first thing it asks of Postgres: so this tells whether
    the connection is still good, and Django need not send another statement to find out.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _ask_newest()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        # Such as a Postgres that was started anew.
        connection.close()
        return _ask_newest()


def _ask_newest() -> int | None:
    # Not by the ORM, which takes six times as long to put the same words together.
    with server_cursor() as cursor:
        cursor.execute(NEWEST)
        found = cursor.fetchone()
    return found[0] if found else None


def _fitted(digest: str) -> dict[str, Any]:
    stored = FittedPolicy.objects.filter(digest=digest).first() if digest else None
    if stored is None:
        return {}
    classifier = Classifier.from_dict(stored.classifier) if stored.classifier else None
    return {"numbers": stored.numbers, "classifier": classifier}
