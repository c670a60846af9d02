"""Turn texts into unit vectors with ONNX Runtime. The only module that imports it or tokenizers.

Runs the graphs that ``conversion`` writes: less processor time than sentence-transformers, and no
torch. One text a run: what several texts in a run share, padding in fp32 and the scale of the
activations in eight bits, would make a vector depend on its neighbours.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding.model_files import ModelFiles
from assistant.interfaces import EmbedderUnavailable, Matrix, Progress, Vector

MIN_PARALLEL = 16
"""Texts from which on several threads are worth starting."""


class OnnxEmbedder:
    """A converted model and its tokenizer. Loaded when constructed.

    ``name``: of its vectors. ``max_tokens``: what is read of a text. ``threads``: how many compute
    when many texts are embedded at once; may be changed. Safe to share between threads, and between
    forks: it keeps no thread of its own.

    Raises ``EmbedderUnavailable`` if the graph cannot be loaded.
    """

    def __init__(
        self,
        files: ModelFiles,
        graph: Path,
        *,
        name: str,
        dimension: int,
        max_tokens: int,
        threads: int = 1,
    ) -> None:
        self._name = name
        self._dimension = dimension
        self.max_tokens = max_tokens
        self.threads = threads
        try:
            self._tokenizer = _tokenizer(files.folder, max_tokens)
            self._session = _session(graph)
        except Exception as error:
            raise EmbedderUnavailable(
                f"the converted model {name} cannot be loaded ({type(error).__name__})"
            ) from error

    @property
    def name(self) -> str:
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
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)

        def embed(place: int) -> None:
            vectors[place] = self._session.run(None, self._inputs(texts[place]))[0][0]

        if self.threads == 1 or len(texts) < MIN_PARALLEL:
            for place in range(len(texts)):
                embed(place)
                if progress:
                    progress(1)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                for _ in pool.map(embed, range(len(texts))):
                    if progress:
                        progress(1)
        return vectors

    def largest_outputs(
        self, graph: Path, names: Sequence[str], texts: Sequence[str]
    ) -> list[Vector]:
        """Of each output of another graph of this model: its elementwise maximum over the texts."""
        session = _session(graph)
        outputs = [session.run(names, self._inputs(text)) for text in texts]
        return [np.max(each, axis=0) for each in zip(*outputs, strict=True)]

    def _inputs(self, text: str) -> dict[str, Any]:
        # What cannot be written as UTF-8, such as a stray byte in a command line, becomes "?".
        readable = text.encode("utf-8", "replace").decode("utf-8").strip()
        return {"ids": np.array([self._tokenizer.encode(readable).ids], dtype=np.int64)}


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
    if not _has_vnni():
        # Else x86 adds eight-bit products in 16 bits, which overflow: wrong vectors. The exact way
        # is slower; it changes nothing on other processors.
        options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _has_vnni() -> bool:
    """Whether the processor adds eight-bit products in 32 bits. False where it cannot be known."""
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
