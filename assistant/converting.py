"""Convert the model once, check it against the reference, and keep it for every later start.

What is kept is named by the weights, the version of the graph and that of the runtime, beside a
record of what the check found. A file that is not the one recorded is made again; a model that the
check refused is not tried again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path

import numpy as np

from assistant import bert
from assistant.bert import Shape, Unconvertible
from assistant.embedder import SentenceTransformerEmbedder
from assistant.interfaces import EmbedderUnavailable, Matrix
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

log = logging.getLogger("assistant.embedder")


@dataclass(frozen=True)
class Record:
    """What is kept beside a graph."""

    model: str
    sha256: str
    """Of the graph's file."""
    lowest_cosine: float
    """With the reference, over ``TEXTS``, each alone and all in one batch."""
    refused: str = ""


def open_converted(
    files: ModelFiles, kept: Path, reference: SentenceTransformerEmbedder, *, threads: int = 1
) -> OnnxEmbedder:
    """The converted model, made and checked first if the folder ``kept`` does not have it.

    Safe in several processes at once: one makes it, the others wait. Raises ``Unconvertible``, or
    ``EmbedderUnavailable`` if the reference is needed and cannot be loaded.
    """
    shape = bert.shape_of(files.folder)
    graph = kept / f"{_key(files)}.onnx"
    try:
        record = _sound(graph) or _make(files, graph, shape, reference)
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


def _key(files: ModelFiles) -> str:
    try:
        runtime = version("onnxruntime")
    except ModuleNotFoundError as missing:
        raise Unconvertible("onnxruntime is not installed") from missing
    return f"{files.sha256[:16]}-{bert.VERSION}-{runtime}"


def _sound(graph: Path) -> Record | None:
    """The record of a graph that is there and whole, or of one that was refused."""
    record = _read(graph.with_suffix(".json"))
    if record is None or record.refused:
        return record
    try:
        with graph.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    if found != record.sha256:
        log.warning("The converted model %s is damaged; it is made again.", record.model)
        return None
    return record


def _read(file: Path) -> Record | None:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Record(**{field.name: told[field.name] for field in fields(Record)})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _make(
    files: ModelFiles, graph: Path, shape: Shape, reference: SentenceTransformerEmbedder
) -> Record:
    graph.parent.mkdir(parents=True, exist_ok=True)
    with _alone(graph.with_suffix(".lock")):
        # Another process may have made it while this one waited.
        record = _sound(graph)
        if record:
            return record
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(dir=graph.parent) as work:
            made = Path(work) / "made.onnx"
            bert.write(files.folder, made)
            cosine = lowest_cosine(_opened(files, made, shape), reference)
            record = _recorded(files, made, cosine)
            if not record.refused:
                made.replace(graph)
        _write(graph.with_suffix(".json"), record)
        log.info(
            "Converted %s to ONNX in %.1f s; lowest cosine with the reference %.6f.",
            files.name,
            time.perf_counter() - started,
            cosine,
        )
        return record


def _recorded(files: ModelFiles, made: Path, cosine: float) -> Record:
    # Written so that nan fails too.
    agrees = cosine >= LEAST_COSINE
    refused = "" if agrees else f"its converted vectors differ: cosine {cosine:.4f} at worst"
    with made.open("rb") as file:
        os.fsync(file.fileno())
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Record(files.name, sha256, round(cosine, 6), refused)


def lowest_cosine(converted: OnnxEmbedder, reference: SentenceTransformerEmbedder) -> float:
    """Of each text's vector with the reference's, alone and in a batch. nan if one is."""
    expected = reference.embed(TEXTS)
    alone = np.concatenate([converted.embed([text]) for text in TEXTS])
    return float(min(_least(alone, expected), _least(converted.embed(TEXTS), expected)))


def _least(found: Matrix, expected: Matrix) -> float:
    if found.shape != expected.shape:
        return float("nan")
    return float(np.einsum("ij,ij->i", found, expected).min())


def _write(file: Path, record: Record) -> None:
    told: Mapping[str, object] = asdict(record)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    part.replace(file)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Until the lock is given back, by leaving or by dying."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
