"""Turn texts into unit vectors with ONNX Runtime. The only module that imports tokenizers.

Runs the graph that ``conversion`` exports: the same vectors as sentence-transformers to the sixth
digit, in half the time, without torch.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding.model_files import ModelFiles
from assistant.interfaces import EmbedderUnavailable, Matrix, Progress, Vector
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


class OnnxEmbedder:
    """A model's converted graph, and its tokenizer. Loaded when made.

    ``max_tokens``: what is read of a text. ``threads``: how many compute when many texts are given
    at once. Safe to share between threads, and between forks: it has no thread of its own. Single
    texts that arrive while another is computed are computed together next.

    Raises ``EmbedderUnavailable`` if the graph cannot be loaded.
    """

    def __init__(
        self, files: ModelFiles, graph: Path, *, dimension: int, max_tokens: int, threads: int = 1
    ) -> None:
        self._name = files.name
        self._threads = threads
        try:
            self._tokenizer = _tokenizer(files.folder, max_tokens)
            self._session = _session(graph)
        except Exception as error:
            raise EmbedderUnavailable(
                f"the converted model {files.name} cannot be loaded ({type(error).__name__})"
            ) from error
        self._dimension = dimension
        self._one: Together[Tokens, Vector] = Together(
            lambda texts: list(self._run(texts)), fits=_count_that_fits
        )

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
            vector = self._one(self._tokens(texts[0]))
            if progress:
                progress(1)
            return vector[np.newaxis]
        return self._embed_many(texts, progress)

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

    def _run(self, texts: Sequence[Tokens]) -> Matrix:
        vectors: Matrix = self._session.run(None, _fed(texts))[0]
        return vectors


def _fed(texts: Sequence[Tokens]) -> dict[str, Any]:
    ids = np.zeros((len(texts), max(map(len, texts))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(texts):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"ids": ids, "mask": mask}


def _count_that_fits(texts: Sequence[Tokens]) -> int:
    """How many of these, from the first on, go into one run."""
    longest = total = 0
    for count, tokens in enumerate(texts[:MOST_TOGETHER]):
        longest, total = max(longest, len(tokens)), total + len(tokens)
        if longest * (count + 1) > MOST_PADDING * total:
            return count
    return min(len(texts), MOST_TOGETHER)


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


def _tokenizer(folder: Path, max_tokens: int) -> Any:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
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
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
