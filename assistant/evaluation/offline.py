"""Decide about labelled questions as /ask does, without the agent and without a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from assistant.calibration import fitted_policies
from assistant.calibration.fitted_policies import ReleaseFit
from assistant.calibration.labelled_questions import LabelledQuestion
from assistant.decision.decision import Decision
from assistant.decision.message import MATCHES, Message, decide_message
from assistant.decision.policy import Policy
from assistant.embedding.vector_cache import VectorCache
from assistant.evaluation.evaluate import EvaluatedQuestion
from assistant.interfaces import Embedder
from assistant.matching import stored_vectors
from assistant.matching.entries import entries, phrasings
from assistant.matching.loaded_release import LoadedRelease
from assistant.matching.matrix import ReleaseMatrix
from assistant.matching.second_language import SecondLanguage
from faq.content import Content

Progress = Callable[[int, int], None]


def evaluate_offline(
    release: LoadedRelease,
    policy: Policy,
    questions: Sequence[LabelledQuestion],
    embedder: Embedder,
    *,
    progress: Progress | None = None,
) -> list[EvaluatedQuestion]:
    """Decide about every question. Its vectors are stored, so a second run embeds nothing.

    ``progress`` is called with the number of embedded texts and their total. Raises
    ``EmbedderUnavailable``.
    """
    messages = [release.message(question.question) for question in questions]
    texts = [text for message in messages for text in message.texts]
    vectors = stored_vectors.ensure(embedder, texts, progress=progress)

    def decide(message: Message) -> Decision:
        matches = {
            text: release.search(text, vectors[text], limit=MATCHES, also=message.also).matches
            for text in message.texts
        }
        return decide_message(
            message,
            matches,
            policy,
            release.wording,
            second_language=release.match_second_language(message, limit=MATCHES),
        )

    return [
        EvaluatedQuestion(question.question, frozenset(question.expected), decide(message))
        for question, message in zip(questions, messages, strict=True)
    ]


def release_in_memory(
    contents: Sequence[Content],
    embedder: Embedder,
    *,
    second_embedder: Embedder | None = None,
    texts: Iterable[str] = (),
    progress: Progress | None = None,
) -> tuple[LoadedRelease, ReleaseFit]:
    """Build a release of these FAQs in memory only, and fit its policy.

    ``second_embedder``: a multilingual model, for questions that ``embedder`` cannot read.
    ``texts``: what to embed; by default everything the classifier can learn from. Raises
    ``EmbedderUnavailable``.
    """
    texts = texts or fitted_policies.texts(contents)
    vectors = stored_vectors.ensure(embedder, texts, progress=progress)
    release_fit = fitted_policies.fit(contents, vectors)
    release = LoadedRelease(
        pk=0,
        number=None,
        contents={content.slug: content for content in contents},
        matrix=ReleaseMatrix(entries(contents, vectors)),
        classifier=release_fit.fitted.classifier,
        embedder=VectorCache(embedder),
        second_language=_second_language(contents, second_embedder),
    )
    return release, release_fit


def _second_language(
    contents: Sequence[Content], embedder: Embedder | None
) -> SecondLanguage | None:
    if embedder is None or not contents:
        return None
    vectors = stored_vectors.ensure(embedder, phrasings(contents))
    return SecondLanguage.of(contents, vectors, VectorCache(embedder))
