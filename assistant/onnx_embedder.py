"""Turn texts into unit vectors with ONNX Runtime. The only module that imports tokenizers.

Runs the graph that ``bert`` writes: the same vectors as sentence-transformers to the sixth digit,
in half the time, without torch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from assistant.bert import Shape
from assistant.interfaces import EmbedderUnavailable, Matrix, Progress, Vector
from assistant.model_files import ModelFiles
from assistant.together import Together

BATCH_TOKENS = 384
"""Tokens computed in one run of many texts, padding counted: what a run holds then stays in a
processor's own cache. In runs of 2,000 each token costs an eighth more."""

MOST_TOGETHER = 8
"""Questions embedded in one run. With eight threads asking, one costs three quarters of the
processor time that it costs alone; of more, the first would wait for the last."""

MOST_PADDING = 1.5
"""A batch is padded to its longest text. Tokens computed for each that is there, at most."""

Tokens = list[int]


@dataclass(frozen=True)
class Asked:
    """A question that waits for its turn: two computed side by side on one processor would both be
    told late, and push each other's numbers out of its cache."""

    tokens: Tokens
    at_a_glance: bool = False


class OnnxEmbedder:
    """A model's converted graph, and its tokenizer. Loaded when made.

    Safe to share between threads, and between forks: it has no thread of its own. Single texts are
    computed in turn; those to be exact, together with others that wait next. ``threads``: how many
    compute when many texts are given at once.

    Raises ``EmbedderUnavailable`` if the graph cannot be loaded.
    """

    def __init__(self, files: ModelFiles, graph: Path, shape: Shape, *, threads: int = 1) -> None:
        self._name = files.name
        self._threads = threads
        try:
            self._tokenizer = _tokenizer(files.folder, shape.longest)
            self._session = _session(graph)
        except Exception as error:
            raise EmbedderUnavailable(
                f"the converted model {files.name} cannot be loaded ({type(error).__name__})"
            ) from error
        self._dimension = shape.size
        self._quick: Any = None
        self._one: Together[Asked, Vector] = Together(self._computed, fits=_fitting)

    @property
    def name(self) -> str:
        """The model's, whoever computes: its vectors can be compared with the reference's."""
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def words(self) -> frozenset[str]:
        """The tokenizer's whole words: what it does not have to take apart."""
        return frozenset(token.lower() for token in self._tokenizer.get_vocab() if token.isalpha())

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension), float32."""
        if len(texts) == 1:
            vector = self._one(Asked(self._tokens(texts[0])))
            if progress:
                progress(1)
            return vector[np.newaxis]
        return self._embed_many(texts, progress)

    def load_glance(self, graph: Path | None) -> None:
        """Glance with this graph from now on, or not at all. Raises ``EmbedderUnavailable``."""
        try:
            self._quick = graph and _session(graph)
        except Exception as error:
            raise EmbedderUnavailable(
                f"what {self._name} glances with cannot be loaded ({type(error).__name__})"
            ) from error

    def glance(self, text: str) -> Vector | None:
        """The text's unit vector, a little off; None unless ``load_glance`` was called.

        Always alone, so that it depends on nothing but the text.
        """
        if self._quick is None:
            return None
        return self._one(Asked(self._tokens(text), at_a_glance=True))

    def sizes_seen(self, graph: Path, names: Sequence[str], texts: Sequence[str]) -> list[Vector]:
        """The largest that each output ``names`` of a graph ever was with one of these texts."""
        session = _session(graph)
        seen = [session.run(names, _fed([self._tokens(text)])) for text in texts]
        return [np.max(sizes, axis=0) for sizes in zip(*seen, strict=True)]

    def _embed_many(self, texts: Sequence[str], progress: Progress | None) -> Matrix:
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        tokens = [self._tokens(text) for text in texts]
        # A batch is padded to its longest text: keep texts of one length together.
        by_length = sorted(range(len(texts)), key=lambda place: len(tokens[place]))

        def embed(places: Sequence[int]) -> Sequence[int]:
            vectors[places] = self._run([tokens[place] for place in places])
            return places

        with ThreadPoolExecutor(self._threads) as pool:
            for places in pool.map(embed, _batches(by_length, [*map(len, tokens)])):
                if progress:
                    progress(len(places))
        return vectors

    def _tokens(self, text: str) -> Tokens:
        # What cannot be written as UTF-8, such as a stray byte in a command line, becomes "?".
        readable = text.encode("utf-8", "replace").decode("utf-8").strip()
        found: Tokens = self._tokenizer.encode(readable).ids
        return found

    def _computed(self, asked: Sequence[Asked]) -> Sequence[Vector]:
        texts = [each.tokens for each in asked]
        if asked[0].at_a_glance:
            return list(self._quick.run(None, _fed(texts))[0])
        return list(self._run(texts))

    def _run(self, texts: Sequence[Tokens]) -> Matrix:
        vectors: Matrix = self._session.run(None, _fed(texts))[0]
        return vectors


def _fed(texts: Sequence[Tokens]) -> dict[str, Any]:
    ids = np.zeros((len(texts), max(map(len, texts))), dtype=np.int32)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(texts):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"ids": ids, "mask": mask}


def _fitting(asked: Sequence[Asked]) -> int:
    """How many of these, from the first on, go into one run."""
    if asked[0].at_a_glance:
        return 1
    exactly = list(takewhile(lambda each: not each.at_a_glance, asked[:MOST_TOGETHER]))
    longest = total = 0
    for count, each in enumerate(exactly):
        longest, total = max(longest, len(each.tokens)), total + len(each.tokens)
        if longest * (count + 1) > MOST_PADDING * total:
            return count
    return len(exactly)


def _batches(places: Sequence[int], lengths: Sequence[int]) -> Iterator[Sequence[int]]:
    """Of places in the order of their texts' lengths; a text longer than a batch has its own."""
    batch: list[int] = []
    for place in places:
        if batch and lengths[place] * (len(batch) + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _tokenizer(folder: Path, longest: int) -> Any:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def _session(graph: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread for each request thread: pools would fight over the processor, and not survive
    # a fork.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A pattern is kept for every shape ever seen, and texts come in all lengths.
    options.enable_mem_pattern = False
    # More would fuse what is faster apart, see bert.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
