"""Convert a model to ONNX once, check it against sentence-transformers, and keep the file.

Converting takes torch, so it belongs to set-up; every later start only reads the file. Beside a
graph lies a JSON record of its check: a file that does not match its record is converted again, a
conversion that was refused is not repeated.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from filelock import FileLock

from assistant.embedding.model_files import ModelFiles
from assistant.embedding.onnx_runtime import OnnxEmbedder
from assistant.embedding.reference import SentenceTransformerEmbedder
from assistant.interfaces import EmbedderUnavailable, Matrix

VERSION = 2
"""Of the conversion: another number makes every site convert its model again."""

MIN_COSINE = 0.999
"""Between a vector of the converted model and the reference's vector of the same text."""

CHECK_TEXTS = (
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

log = logging.getLogger("assistant.embedding.reference")


class ConversionError(Exception):
    """ONNX Runtime cannot serve this model. The text says why."""


@dataclass(frozen=True)
class Record:
    """What is stored beside a graph."""

    model: str
    sha256: str
    """Of the graph's file, in hexadecimal."""
    max_tokens: int
    """Tokens that the model reads of a text; the rest is cut off."""
    dimension: int
    lowest_cosine: float
    """Of the check, -1..1."""
    refusal: str = ""
    """Why the check failed; empty if it passed."""


def open_converted(
    files: ModelFiles, folder: Path, reference: SentenceTransformerEmbedder, *, threads: int = 1
) -> OnnxEmbedder:
    """The converted model from ``folder``; converted and checked first if it is not there.

    Safe in several processes at once: one converts, the others wait. Raises ``ConversionError``, or
    ``EmbedderUnavailable`` if the reference is needed and cannot be loaded.
    """
    graph = graph_path(files, folder)
    try:
        record = _valid_record(graph) or _convert(files, graph, reference)
    except OSError as failure:
        raise ConversionError(f"{folder} cannot be written ({failure.strerror})") from failure
    if record.refusal:
        raise ConversionError(record.refusal)
    return _open(files, graph, record, threads=threads)


def graph_path(files: ModelFiles, folder: Path) -> Path:
    """Changes with the weights, the version of the conversion and that of the runtime.

    Raises ``ConversionError`` without a runtime.
    """
    try:
        runtime = version("onnxruntime")
    except PackageNotFoundError as missing:
        raise ConversionError("onnxruntime is not installed") from missing
    return folder / f"{files.sha256[:16]}-{VERSION}-{runtime}.onnx"


def _valid_record(graph: Path) -> Record | None:
    """The record of a graph that is whole, or of one that was refused."""
    try:
        record = Record(**json.loads(graph.with_suffix(".json").read_text(encoding="utf-8")))
        if not record.refusal and _sha256(graph) != record.sha256:
            log.warning("The converted model %s is damaged; it is converted again.", record.model)
            return None
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return record


def _convert(files: ModelFiles, graph: Path, reference: SentenceTransformerEmbedder) -> Record:
    graph.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(graph.with_suffix(".lock")):
        # Another process may have converted it while this one waited.
        record = _valid_record(graph)
        if record:
            return record
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(dir=graph.parent) as work:
            candidate = Path(work) / graph.name
            record = _export_and_check(files, candidate, reference)
            if not record.refusal:
                candidate.replace(graph)
            _write_record(candidate.with_suffix(".json"), record)
            candidate.with_suffix(".json").replace(graph.with_suffix(".json"))
        log.info(
            "Converted %s to %s in %.1f s; lowest cosine %.6f.",
            *(files.name, graph.name, time.perf_counter() - started, record.lowest_cosine),
        )
        return record


def _export_and_check(
    files: ModelFiles, candidate: Path, reference: SentenceTransformerEmbedder
) -> Record:
    try:
        reference.export(candidate)
    except EmbedderUnavailable:
        raise
    except Exception as error:
        raise ConversionError(f"it cannot be exported ({type(error).__name__})") from error
    record = Record(
        model=files.name,
        sha256=_sha256(candidate),
        max_tokens=reference.max_tokens,
        dimension=reference.dimension,
        lowest_cosine=-1.0,
    )
    cosine = lowest_cosine(_open(files, candidate, record), reference)
    # Written so that nan fails too.
    passes = cosine >= MIN_COSINE
    refusal = "" if passes else f"its converted vectors differ: cosine {cosine:.4f} at worst"
    return Record(**asdict(record) | {"lowest_cosine": round(cosine, 6), "refusal": refusal})


def _open(files: ModelFiles, graph: Path, record: Record, *, threads: int = 1) -> OnnxEmbedder:
    try:
        return OnnxEmbedder(
            files,
            graph,
            dimension=record.dimension,
            max_tokens=record.max_tokens,
            threads=threads,
        )
    except EmbedderUnavailable as failure:
        raise ConversionError(str(failure)) from failure


def lowest_cosine(converted: OnnxEmbedder, reference: SentenceTransformerEmbedder) -> float:
    """Of each text's vector with the reference's, alone and in a batch. nan if one is."""
    expected = reference.embed(CHECK_TEXTS)
    alone = np.concatenate([converted.embed([text]) for text in CHECK_TEXTS])
    return float(min(_lowest(alone, expected), _lowest(converted.embed(CHECK_TEXTS), expected)))


def _lowest(actual: Matrix, expected: Matrix) -> float:
    return float(np.einsum("ij,ij->i", actual, expected).min())


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write_record(file: Path, record: Record) -> None:
    with file.open("w", encoding="utf-8") as opened:
        json.dump(asdict(record), opened, indent=1)
        opened.flush()
        os.fsync(opened.fileno())
