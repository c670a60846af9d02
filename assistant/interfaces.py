"""Interfaces of the assistant's dependencies: an embedder, an index and an agent.

Each vendor has exactly one adapter; ``tests/fakes.py`` has deterministic fakes that pass the same
contract tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.agent.reasons import AgentReason
from assistant.decision.matches import Match
from assistant.steps import OnStep
from faq.content import Content

Vector = npt.NDArray[np.float32]
"""Shape (dimension,), of length 1."""

Matrix = npt.NDArray[np.float32]
"""Shape (n, dimension), every row of length 1."""

Progress = Callable[[int], None]
"""Called with the number of items completed since the last call."""


class Unavailable(Exception):
    """A dependency is unavailable. The text names the dependency and the fix, nothing else."""

    problem_status = 503


class EmbedderUnavailable(Unavailable):
    """The model is missing, damaged or cannot be loaded."""


class IndexUnavailable(Unavailable):
    """Chroma cannot be reached."""


class Degraded(Exception):
    """A dependency is unavailable, but questions are answered. The text says what is missing."""


class IndexMismatch(Exception):
    """A collection of this name exists and does not fit: not cosine, or another dimension.

    To fix it, drop the collection and sync it again.
    """


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Model name and hash of its weights; vectors of other names are not comparable."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def words(self) -> Mapping[str, int]:
        """The model's whole words, in lower case, and their places in its vocabulary, where common
        words come first; empty if unknown."""
        ...

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension).

        Raises ``EmbedderUnavailable`` when the model cannot be loaded.
        """
        ...


@dataclass(frozen=True)
class Entry:
    """One phrasing of one FAQ, as stored in an index."""

    key: str
    """Stable and unique within a collection."""
    faq_id: str
    phrasing: str
    category: str
    vector: Vector
    audience: str = ""


@dataclass(frozen=True)
class Drift:
    """The keys in which a collection differs from the expected entries."""

    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus or self.changed)


INDEX_UNAVAILABLE = "index: unavailable"
"""A value of ``degraded``: Chroma did not answer, so every phrasing was compared."""


@dataclass(frozen=True)
class SearchResult:
    """The FAQs closest to a text, best first. ``degraded``: see ``INDEX_UNAVAILABLE``."""

    matches: list[Match]
    degraded: bool = False


class Index(Protocol):
    """Named collections of entries, each searchable by cosine similarity.

    Every method raises ``IndexUnavailable`` when the server behind it cannot be reached and
    ``IndexMismatch`` when a collection of that name does not fit. A name that Chroma would refuse
    and a duplicate key raise ``ValueError``. A collection that does not exist counts as empty.
    """

    def sync(
        self, name: str, entries: Iterable[Entry], *, progress: Progress | None = None
    ) -> None:
        """Make the collection hold exactly these entries. Safe to repeat after a crash.

        Entries are written in batches; after a failure, complete batches stay. Existing entries
        are compared by digest only: ``drop`` a collection that has drifted first.
        ``progress`` counts every entry once, written or not.
        """
        ...

    def search(self, name: str, vector: Vector, *, limit: int) -> list[Match]:
        """The nearest phrasings, best first, with cosine similarity in [-1, 1]."""
        ...

    def nearest_faqs(
        self, name: str, vector: Vector, *, limit: int, category: str = ""
    ) -> list[str]:
        """The ids of the FAQs of the ``limit`` nearest phrasings, nearest first, each once.

        With ``category``, of that category only.
        """
        ...

    def drift(self, name: str, entries: Sequence[Entry]) -> Drift:
        """Compare keys, texts and vectors of the collection with the expected entries."""
        ...

    def names(self) -> set[str]: ...

    def drop(self, name: str) -> None:
        """Delete the collection; a missing one is no error."""
        ...

    def ping(self) -> None:
        """Return if the index can be reached; fast enough for a readiness probe."""
        ...


@dataclass(frozen=True)
class Turn:
    """One question of a conversation and its answer, redacted; empty without an answer."""

    question: str
    answer: str
    faq_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """The input of the agent; it has access to nothing else.

    ``contents``: the FAQs that the caller may see, by faq_id. ``search`` takes a text and a limit.
    ``would_be_answered``: True if the matches of a rewritten question suffice for an answer from
    the FAQs. ``relevance``: the greatest cosine of a question with any of the texts. With
    ``options`` the agent may only choose among them; with ``only_rewrite`` it may only rewrite the
    question.
    """

    question: str
    matches: Sequence[Match]
    contents: Mapping[str, Content]
    search: Callable[[str, int], SearchResult]
    would_be_answered: Callable[[Sequence[Match]], bool]
    relevance: Callable[[str, Sequence[str]], float]
    turns: tuple[Turn, ...] = ()
    options: tuple[Match, ...] = ()
    only_rewrite: bool = False


@dataclass(frozen=True)
class AgentReply:
    """The agent's grounded text, or the reason why there is none.

    ``options``: FAQs to clarify with. ``rewritten``: a rewritten question that an FAQ answers.
    ``chosen``: the id of the first of the task's options, if the model chose it.
    """

    text: str | None
    reason: AgentReason
    citations: tuple[str, ...] = ()
    options: tuple[Match, ...] = ()
    rewritten: str = ""
    chosen: str = ""


class Agent(Protocol):
    """The LLM fallback. It may only answer from FAQs."""

    @property
    def chooses(self) -> bool:
        """Whether a model may choose among options."""
        ...

    def answer(self, task: Task, on_step: OnStep) -> AgentReply:
        """Does not raise when the model fails: the reply then has a reason and no text.

        If ``on_step`` raises, stops the run and raises the same exception.
        """
        ...

    def ping(self) -> str:
        """One line about the model's state; it never makes the site unready."""
        ...
