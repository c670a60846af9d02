"""Convert a model to ONNX once, check its vectors, and keep the file.

In fp32, checked against sentence-transformers: that takes torch, so it belongs to set-up. In eight
bits from there, checked against fp32. Every later start only reads a file. Beside a graph lies a
JSON record of its check: a file that does not match its record is converted again, a conversion
that was refused is not repeated.
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

VERSION = 3
"""Of the conversion: another number makes every site convert its model again."""

MIN_COSINE = {Precision.FP32: 0.999, Precision.INT8: 0.99}
"""Between a vector of the converted model and the one it should be, of the same text."""

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

log = logging.getLogger("assistant.embedding")


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


@dataclass(frozen=True)
class Conversion:
    """Of one model, in one folder. ``reference``: the same model by sentence-transformers."""

    files: ModelFiles
    folder: Path
    reference: SentenceTransformerEmbedder

    def path(self, precision: Precision) -> Path:
        """Changes with the weights, the version of the conversion and that of the runtime.

        Raises ``ConversionError`` without a runtime.
        """
        try:
            runtime = version("onnxruntime")
        except PackageNotFoundError as missing:
            raise ConversionError("onnxruntime is not installed") from missing
        return self.folder / f"{self.files.sha256[:16]}-{VERSION}-{runtime}-{precision}.onnx"

    def open(self, precision: Precision) -> OnnxEmbedder:
        """The converted model; converted and checked first if it is not there.

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
        if record.refusal:
            raise ConversionError(record.refusal)
        return self._load(graph, record)

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
                in_precision = {Precision.FP32: self._export, Precision.INT8: self._quantise}
                record = in_precision[precision](candidate)
                if not record.refusal:
                    candidate.replace(graph)
                _write_record(candidate.with_suffix(".json"), record)
                candidate.with_suffix(".json").replace(graph.with_suffix(".json"))
            log.info(
                "Converted %s to %s in %.1f s; lowest cosine %.6f.",
                *(record.model, precision, time.perf_counter() - started, record.lowest_cosine),
            )
            return record

    def _export(self, candidate: Path) -> Record:
        try:
            self.reference.export(candidate)
        except EmbedderUnavailable:
            raise
        except Exception as error:
            raise ConversionError(f"it cannot be exported ({type(error).__name__})") from error
        return self._checked(candidate, Precision.FP32, self.reference, self.reference.max_tokens)

    def _quantise(self, candidate: Path) -> Record:
        exact, source = self.open(Precision.FP32), self.path(Precision.FP32)
        observed = candidate.with_name("observed.onnx")
        names = quantisation.write_observed(source, observed)
        if not names:
            raise ConversionError("no product of its graph can be computed in eight bits")
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
        refusal = "" if passes else f"its converted vectors differ: cosine {cosine:.4f} at worst"
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
    """Over ``CHECK_TEXTS``, between the two vectors of a text, -1..1. nan if one is."""
    pairs = converted.embed(CHECK_TEXTS), expected.embed(CHECK_TEXTS)
    return float(np.einsum("ij,ij->i", *pairs).min())


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


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write_record(file: Path, record: Record) -> None:
    with file.open("w", encoding="utf-8") as opened:
        json.dump(asdict(record), opened, indent=1)
        opened.flush()
        os.fsync(opened.fileno())
