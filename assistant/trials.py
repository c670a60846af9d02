"""Decide about labelled questions as /ask would, without asking anybody or recording anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant import policies, vectors
from assistant.deciding import consider
from assistant.decision import Match
from assistant.entries import entries
from assistant.evaluation import Judged
from assistant.fitting import Fitted, Phrasings
from assistant.interfaces import Embedder
from assistant.labels import LabelledQuestion
from assistant.language import ENGLISH_ONLY
from assistant.live import LoadedRelease
from assistant.matching import ReleaseMatrix
from assistant.policy import Policy
from assistant.question import prepare, split
from faq.content import Content

MATCHES = 10
"""FAQs looked at, as /ask does."""

Progress = Callable[[int, int], None]


def judge(
    release: LoadedRelease,
    policy: Policy,
    questions: Sequence[LabelledQuestion],
    embedder: Embedder,
    *,
    progress: Progress | None = None,
) -> list[Judged]:
    """What is decided about each question. Vectors are stored, so a second run embeds nothing."""
    asked = [text for each in questions for text in texts_of(each.question)]
    known = vectors.ensure(embedder, asked, progress=progress)

    def find(text: str) -> list[Match]:
        return release.find(text, known[text], limit=MATCHES)

    english_only = embedder.name.startswith(ENGLISH_ONLY)
    return [
        Judged(
            each.question,
            frozenset(each.expected),
            consider(
                each.question, policy, find, english_only=english_only, known=release.words
            ).decision,
        )
        for each in questions
    ]


def texts_of(message: str) -> list[str]:
    """Every text that ``deciding.consider`` may look for."""
    text = prepare(message)
    return [text, *split(text)]


def trial_release(
    contents: Sequence[Content], embedder: Embedder, *, progress: Progress | None = None
) -> tuple[LoadedRelease, Fitted, Phrasings]:
    """A release of these FAQs that exists in memory only, and the policy fitted for it."""
    known = vectors.ensure(embedder, policies.texts(contents), progress=progress)
    fitted, asked = policies.fit(contents, known)
    release = LoadedRelease(
        pk=0,
        number=None,
        contents={content.slug: content for content in contents},
        matrix=ReleaseMatrix(entries(contents, known)),
        classifier=fitted.classifier,
    )
    return release, fitted, asked
