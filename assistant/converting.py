"""Convert the model once, check it against the reference, and keep it for every later start.

What is kept is named by the weights, the version of the graph and that of the runtime.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np

from assistant import bert
from assistant.bert import Shape, Unconvertible
from assistant.embedder import SentenceTransformerEmbedder
from assistant.interfaces import EmbedderUnavailable, Matrix
from assistant.kept_graph import Verdict, keep
from assistant.model_files import ModelFiles
from assistant.onnx_embedder import OnnxEmbedder

LEAST_COSINE = 0.999
"""Of a vector with the reference's of the same text."""

TEXTS = (
    "How do I reset my password?",
    "reset password",
    "I was charged twice for order #10-2231 on 3 May, and nobody has answered my mails since!",
    "Can I return an opened item, and who pays for sending it back?",
    "",
    "?!",
    "Où est mon colis ? Il devait arriver hier.",
    "پاس ورڈ بھول گیا",
    "忘记密码怎么办",
    "😀 thanks",
    "WHERE IS MY ORDER",
    "the parcel arrived damaged; " * 60,
    "word " * 600,
)
"""Short and long, past the model's limit, empty, of several scripts."""


def open_converted(
    files: ModelFiles, kept: Path, reference: SentenceTransformerEmbedder, *, threads: int = 1
) -> OnnxEmbedder:
    """The converted model, made and checked first if the folder ``kept`` does not have it.

    Safe in several processes at once: one makes it, the others wait. Raises ``Unconvertible``, or
    ``EmbedderUnavailable`` if the reference is needed and cannot be loaded.
    """
    shape = bert.shape_of(files.folder)
    graph = kept / f"{key_of(files, bert.VERSION)}.onnx"

    def make(to: Path) -> Verdict:
        bert.write(files.folder, to)
        cosine = lowest_cosine(_opened(files, to, shape), reference)
        # Written so that nan fails too.
        agrees = cosine >= LEAST_COSINE
        return Verdict(
            cosine, "" if agrees else f"its converted vectors differ: cosine {cosine:.4f} at worst"
        )

    try:
        record = keep(graph, files.name, make)
    except OSError as failure:
        raise Unconvertible(f"{kept} cannot be written ({failure.strerror})") from failure
    if record.refused:
        raise Unconvertible(record.refused)
    return _opened(files, graph, shape, threads=threads)


def _opened(files: ModelFiles, graph: Path, shape: Shape, *, threads: int = 1) -> OnnxEmbedder:
    try:
        return OnnxEmbedder(files, graph, shape, threads=threads)
    except EmbedderUnavailable as failure:
        raise Unconvertible(str(failure)) from failure


def key_of(files: ModelFiles, graph: int) -> str:
    """Changes with the weights, the version of the graph and that of the runtime.

    Raises ``Unconvertible`` without a runtime.
    """
    try:
        runtime = version("onnxruntime")
    except ModuleNotFoundError as missing:
        raise Unconvertible("onnxruntime is not installed") from missing
    return f"{files.sha256[:16]}-{graph}-{runtime}"


def lowest_cosine(converted: OnnxEmbedder, reference: SentenceTransformerEmbedder) -> float:
    """Of each text's vector with the reference's, alone and in a batch. nan if one is."""
    expected = reference.embed(TEXTS)
    alone = np.concatenate([converted.embed([text]) for text in TEXTS])
    return float(min(_least(alone, expected), _least(converted.embed(TEXTS), expected)))


def _least(found: Matrix, expected: Matrix) -> float:
    if found.shape != expected.shape:
        return float("nan")
    return float(np.einsum("ij,ij->i", found, expected).min())
