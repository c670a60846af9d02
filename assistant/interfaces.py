"""What the assistant needs from the outside world, in our words.

Three small interfaces: an embedder, an index and an agent. Each vendor sits behind exactly one
adapter; ``fakes.py`` holds deterministic stand-ins that pass the same contract tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.agent.reasons import AgentReason
from assistant.answering.steps import OnStep
from assistant.decision.decision import Match
from faq.content import Content

Vector = npt.NDArray[np.float32]
"""Shape (dimension,), of length 1."""

Matrix = npt.NDArray[np.float32]
"""Shape (n, dimension), every row of length 1."""

Progress = Callable[[int], None]
"""Told how many more items are done."""


class Unavailable(Exception):
    """A dependency cannot be used now. The text names the dependency and the cure, nothing else."""

    problem_status = 503


class EmbedderUnavailable(Unavailable):
    """The model is missing, damaged or cannot be loaded."""


class IndexUnavailable(Unavailable):
    """Chroma cannot be reached."""


class IndexMismatch(Exception):
    """A collection of this name exists and does not fit: not cosine, or another dimension.

    The cure is to drop it and to prepare it anew.
    """


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Identifies the vectors: model name and a hash of its weights. Others do not compare."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def words(self) -> frozenset[str]:
        """Whole words the model knows, in lower case; empty if it cannot say."""
        ...

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension).

        Raises ``EmbedderUnavailable`` when the model cannot be loaded.
        """
        ...


@dataclass(frozen=True)
class Entry:
    """One phrasing of one FAQ as it is kept in an index."""

    key: str
    """Stable and unique within a collection."""
    faq_id: str
    phrasing: str
    category: str
    vector: Vector
    audience: str = ""


@dataclass(frozen=True)
class Drift:
    """How a collection differs from what it should hold."""

    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus or self.changed)


INDEX_UNAVAILABLE = "index: unavailable"
"""In ``degraded``: Chroma was needed and did not answer, so every phrasing was compared."""


@dataclass(frozen=True)
class SearchResult:
    """The FAQs closest to a text, best first. ``degraded``: see ``INDEX_UNAVAILABLE``."""

    matches: list[Match]
    degraded: bool = False


class Index(Protocol):
    """Named collections of entries, each searchable by cosine similarity.

    Every method raises ``IndexUnavailable`` when the server behind it cannot be reached and
    ``IndexMismatch`` when a collection of that name does not fit. A name Chroma would refuse, or a
    key given twice, is a ``ValueError``. A collection that does not exist is an empty one.
    """

    def sync(
        self, name: str, entries: Iterable[Entry], *, progress: Progress | None = None
    ) -> None:
        """Make the collection hold exactly these entries. Safe to repeat after a crash.

        They are written as they come; should that fail half-way, those before stay.
        Trusts what it wrote before: for a collection that has drifted, ``drop`` it first.
        ``progress`` hears of every entry once, whether it had to be written or not.
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
        """Compare keys, texts and vectors of the collection with what it should hold."""
        ...

    def names(self) -> set[str]: ...

    def drop(self, name: str) -> None:
        """Forget the collection; one that does not exist is no error."""
        ...

    def ping(self) -> None:
        """Return if the index can be reached; cheap enough for a readiness probe."""
        ...


@dataclass(frozen=True)
class Turn:
    """One question of a conversation and what was answered, redacted; empty if nothing was."""

    question: str
    answer: str
    faq_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """What the agent is given: this, and nothing else, is within its reach.

    ``contents`` are the FAQs that the caller may see, by id. ``search`` finds at most so many of
    them, the closest to other words. ``would_be_answered``: whether the FAQs alone would answer,
    given the matches of a rewritten question. With ``only_rewrite`` it may do no more than that.
    """

    question: str
    matches: Sequence[Match]
    contents: Mapping[str, Content]
    search: Callable[[str, int], SearchResult]
    would_be_answered: Callable[[Sequence[Match]], bool]
    turns: tuple[Turn, ...] = ()
    only_rewrite: bool = False


@dataclass(frozen=True)
class AgentReply:
    """What the agent said, already grounded, or why it said nothing.

    ``options``: FAQs to ask back with. ``rewritten``: the question that an FAQ answers at once.
    """

    text: str | None
    reason: AgentReason
    citations: tuple[str, ...] = ()
    options: tuple[Match, ...] = ()
    rewritten: str = ""


class Agent(Protocol):
    """The LLM fallback. It may only speak from what it found."""

    def answer(self, task: Task, on_step: OnStep) -> AgentReply:
        """Never raises for a failure of the model: that is a reply without text and a reason.

        Raises what ``on_step`` raises, and stops the run then.
        """
        ...

    def ping(self) -> str:
        """One line: is there a model, and is it being used. No reason to be unready."""
        ...
