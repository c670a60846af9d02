"""Decide about labelled questions as /ask would, without asking anybody or recording anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from assistant.calibration import fitted_policies
from assistant.calibration.fitted_policies import Lessons
from assistant.decision.decision import Decision
from assistant.decision.message import MATCHES, Message, decide_message
from assistant.decision.policy import Policy
from assistant.embedding.vector_cache import VectorCache
from assistant.evaluation.evaluate import Judged
from assistant.evaluation.labelled_questions import LabelledQuestion
from assistant.interfaces import Embedder
from assistant.matching import stored_vectors
from assistant.matching.entries import entries
from assistant.matching.loaded_release import LoadedRelease
from assistant.matching.matrix import ReleaseMatrix
from faq.content import Content

Progress = Callable[[int, int], None]


def evaluate_offline(
    release: LoadedRelease,
    policy: Policy,
    questions: Sequence[LabelledQuestion],
    embedder: Embedder,
    *,
    progress: Progress | None = None,
) -> list[Judged]:
    """What is decided about each question. Vectors are stored, so a second run embeds nothing."""
    messages = [release.message(each.question) for each in questions]
    texts = [text for message in messages for text in message.texts]
    known = stored_vectors.ensure(embedder, texts, progress=progress)

    def decided(message: Message) -> Decision:
        matches = {
            text: release.search(text, known[text], limit=MATCHES).matches for text in message.texts
        }
        return decide_message(message, matches, policy)

    return [
        Judged(each.question, frozenset(each.expected), decided(message))
        for each, message in zip(questions, messages, strict=True)
    ]


def release_in_memory(
    contents: Sequence[Content],
    embedder: Embedder,
    *,
    texts: Iterable[str] = (),
    progress: Progress | None = None,
) -> tuple[LoadedRelease, Lessons]:
    """A release of these FAQs that exists in memory only, and the policy fitted for it.

    ``texts``: what to embed; by default all that could teach it something.
    """
    texts = texts or fitted_policies.texts(contents)
    known = stored_vectors.ensure(embedder, texts, progress=progress)
    lessons = fitted_policies.fit(contents, known)
    release = LoadedRelease(
        pk=0,
        number=None,
        contents={content.slug: content for content in contents},
        matrix=ReleaseMatrix(entries(contents, known)),
        classifier=lessons.fitted.classifier,
        embedder=VectorCache(embedder),
    )
    return release, lessons
