"""Embed texts with ONNX Runtime. The only module that imports it or tokenizers.

Runs the graphs that ``conversion`` writes: faster than sentence-transformers, and without torch.
One text per run: padding (fp32) and the activations' scale (int8) are shared by the texts of a run
and would make a vector depend on the other texts.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding.model_files import ModelFiles
from assistant.embedding.vocabulary import whole_words
from assistant.interfaces import EmbedderUnavailable, Matrix, Progress, Vector

MIN_PARALLEL = 16
"""The least number of texts for which threads are started."""


class OnnxEmbedder:
    """A converted model and its tokenizer. Loaded when constructed.

    ``name`` identifies its vectors. ``max_tokens``: longer texts are truncated. ``threads``: the
    number used for batches of texts; may be changed. Safe to share between threads, and between
    forks: it has no threads of its own.

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
    def words(self) -> Mapping[str, int]:
        """The whole words in the tokenizer's vocabulary, in lower case, and their places in it."""
        return whole_words(self._tokenizer.get_vocab())

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """One unit vector per text, in the order given; shape (len(texts), dimension), float32."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)

        def embed(row: int) -> None:
            vectors[row] = self._session.run(None, self._inputs(texts[row]))[0][0]

        if self.threads == 1 or len(texts) < MIN_PARALLEL:
            for row in range(len(texts)):
                embed(row)
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
        """The elementwise maximum over the texts, for each output of another graph."""
        session = _session(graph)
        outputs = [session.run(names, self._inputs(text)) for text in texts]
        return [np.max(values, axis=0) for values in zip(*outputs, strict=True)]

    def _inputs(self, text: str) -> dict[str, Any]:
        # Lone surrogates, such as from a command line, become "?".
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
    # One thread per request thread: thread pools would compete for the processor, and do not
    # survive a fork.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Memory patterns are stored per input shape, and every text length is another shape.
    options.enable_mem_pattern = False
    if not _has_vnni():
        # Without VNNI, x86 adds int8 products in 16 bits, which overflow to wrong vectors. This
        # option is exact and slower; other processors ignore it.
        options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _has_vnni() -> bool:
    """True if the processor adds int8 products in 32 bits; False if unknown."""
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
