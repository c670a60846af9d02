"""Convert a model to ONNX once, check its vectors, and store the file.

The fp32 graph is checked against sentence-transformers; this needs torch, so it is part of set-up.
The int8 graph is made from it and checked against fp32. Later starts only read a file. A JSON
record of the check is stored next to each graph: a graph that does not match its record is
converted again. A failed conversion is not repeated at the next start: its record has the reason.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from filelock import FileLock

from assistant.embedding import quantisation
from assistant.embedding.model_files import ModelFiles, Precision
from assistant.embedding.onnx_runtime import OnnxEmbedder
from assistant.embedding.reference import SentenceTransformerEmbedder
from assistant.interfaces import Embedder, EmbedderUnavailable

VERSION = 4
"""The version of the conversion. Increase it to make every site convert its model again."""

MIN_COSINE = {Precision.FP32: 0.999, Precision.INT8: 0.99}
"""The least cosine between the vectors of the converted and the original model."""

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
"""Short, long, longer than the model's limit, empty, and in several scripts."""

log = logging.getLogger("assistant.embedding")


class ConversionError(Exception):
    """ONNX Runtime cannot run this model. The text gives the reason."""


@dataclass(frozen=True)
class Record:
    """The record next to a graph."""

    model: str
    sha256: str
    """SHA-256 of the graph file, in hexadecimal."""
    max_tokens: int
    """The model truncates longer texts."""
    dimension: int
    lowest_cosine: float
    """The result of the check, -1..1."""
    refusal: str = ""
    """Why there is no graph; empty if it was converted and passed the check."""


@dataclass(frozen=True)
class Conversion:
    """Converts a model into ``folder``. ``reference``: the same in sentence-transformers."""

    files: ModelFiles
    folder: Path
    reference: SentenceTransformerEmbedder

    def path(self, precision: Precision) -> Path:
        """The graph file, named by the weights' hash and the versions of conversion and runtime.

        Raises ``ConversionError`` if onnxruntime is not installed.
        """
        try:
            runtime = version("onnxruntime")
        except PackageNotFoundError as missing:
            raise ConversionError("onnxruntime is not installed") from missing
        return self.folder / f"{self.files.sha256[:16]}-{VERSION}-{runtime}-{precision}.onnx"

    def open(self, precision: Precision) -> OnnxEmbedder:
        """The converted model; converts and checks it first if necessary.

        Safe in several processes at once: one converts, the others wait. Raises
        ``ConversionError``, or ``EmbedderUnavailable`` if the reference is needed and cannot be
        loaded.
        """
        graph = self.path(precision)
        try:
            record = _valid_record(graph) or self._convert(graph, precision)
        except OSError as failure:
            raise ConversionError(
                f"{self.folder} cannot be written ({failure.strerror})"
            ) from failure
        except MemoryError as failure:
            raise ConversionError("there is not enough memory to convert it") from failure
        if record.refusal:
            raise ConversionError(record.refusal)
        return self._load(graph, record)

    def is_done(self, precision: Precision) -> bool:
        """True if the model is converted, or recorded as one that cannot be converted."""
        graph = self.path(precision)
        record = _read_record(graph)
        return record is not None and (bool(record.refusal) or graph.is_file())

    def _convert(self, graph: Path, precision: Precision) -> Record:
        graph.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(graph.with_suffix(".lock")):
            # Another process may have converted it while this one waited.
            record = _valid_record(graph)
            if record:
                return record
            started = time.perf_counter()
            with tempfile.TemporaryDirectory(dir=graph.parent) as work:
                candidate = Path(work) / graph.name
                record = self._attempt(candidate, precision)
                if not record.refusal:
                    candidate.replace(graph)
                _write_record(candidate.with_suffix(".json"), record)
                candidate.with_suffix(".json").replace(graph.with_suffix(".json"))
            self._delete_outdated(graph, precision)
            if not record.refusal:
                log.info(
                    "Converted %s to %s in %.1f s; lowest cosine %.6f.",
                    *(record.model, precision, time.perf_counter() - started, record.lowest_cosine),
                )
            return record

    def _attempt(self, candidate: Path, precision: Precision) -> Record:
        """The record of a checked graph, or of a permanent failure."""
        convert = {Precision.FP32: self._export, Precision.INT8: self._quantise}
        try:
            return convert[precision](candidate)
        except ConversionError as failure:
            return Record(
                model=precision.embedder_name(self.files),
                sha256="",
                max_tokens=0,
                dimension=0,
                lowest_cosine=-1.0,
                refusal=str(failure),
            )

    def _delete_outdated(self, graph: Path, precision: Precision) -> None:
        """Delete this model's files of earlier versions of the conversion or of the runtime."""
        for file in self.folder.glob(f"{self.files.sha256[:16]}-*-{precision}.*"):
            if file.stem != graph.stem:
                file.unlink(missing_ok=True)

    def _export(self, candidate: Path) -> Record:
        try:
            self.reference.export(candidate)
        except (EmbedderUnavailable, OSError, MemoryError):
            # Not a property of the model: the next attempt may succeed.
            raise
        except Exception as error:
            raise ConversionError(
                f"the model cannot be exported ({type(error).__name__})"
            ) from error
        return self._checked(candidate, Precision.FP32, self.reference, self.reference.max_tokens)

    def _quantise(self, candidate: Path) -> Record:
        exact, source = self.open(Precision.FP32), self.path(Precision.FP32)
        observed = candidate.with_name("observed.onnx")
        names = quantisation.write_observed(source, observed)
        if not names:
            raise ConversionError("its graph has no matrix product that can be quantised")
        sizes = exact.largest_outputs(observed, names, CHECK_TEXTS)
        quantisation.write_quantised(source, sizes, candidate)
        return self._checked(candidate, Precision.INT8, exact, exact.max_tokens)

    def _checked(
        self, candidate: Path, precision: Precision, expected: Embedder, max_tokens: int
    ) -> Record:
        record = Record(
            model=precision.embedder_name(self.files),
            sha256=_sha256(candidate),
            max_tokens=max_tokens,
            dimension=expected.dimension,
            lowest_cosine=-1.0,
        )
        cosine = lowest_cosine(self._load(candidate, record), expected)
        # Written so that nan fails too.
        passes = cosine >= MIN_COSINE[precision]
        refusal = "" if passes else f"its converted vectors differ: lowest cosine {cosine:.4f}"
        return replace(record, lowest_cosine=round(cosine, 6), refusal=refusal)

    def _load(self, graph: Path, record: Record) -> OnnxEmbedder:
        try:
            return OnnxEmbedder(
                self.files,
                graph,
                name=record.model,
                dimension=record.dimension,
                max_tokens=record.max_tokens,
            )
        except EmbedderUnavailable as failure:
            raise ConversionError(str(failure)) from failure


def lowest_cosine(converted: Embedder, expected: Embedder) -> float:
    """The lowest cosine, -1..1, between both embedders' vectors of ``CHECK_TEXTS``; may be nan."""
    pairs = converted.embed(CHECK_TEXTS), expected.embed(CHECK_TEXTS)
    return float(np.einsum("ij,ij->i", *pairs).min())


def _valid_record(graph: Path) -> Record | None:
    """The record of an undamaged graph or of a refused conversion; else None."""
    record = _read_record(graph)
    if record is None or record.refusal:
        return record
    try:
        actual = _sha256(graph)
    except FileNotFoundError:
        return None
    if actual != record.sha256:
        log.warning("The converted model %s is damaged and is converted again.", record.model)
        return None
    return record


def _read_record(graph: Path) -> Record | None:
    try:
        return Record(**json.loads(graph.with_suffix(".json").read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write_record(file: Path, record: Record) -> None:
    with file.open("w", encoding="utf-8") as opened:
        json.dump(asdict(record), opened, indent=1)
        opened.flush()
        os.fsync(opened.fileno())
