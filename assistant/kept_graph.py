"""Keep a converted model's graph: made once, checked, and reused by every later start.

Beside a graph's file lies a record of what its check found. A file that is not the one recorded is
made again; one that the check refused is not tried again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

log = logging.getLogger("assistant.embedder")


@dataclass(frozen=True)
class Verdict:
    """Of the check of a graph: ``lowest_cosine`` with what it should compute; why it is refused."""

    lowest_cosine: float
    refused: str = ""


@dataclass(frozen=True)
class Record:
    """What is kept beside a graph."""

    model: str
    sha256: str
    """Of the graph's file."""
    lowest_cosine: float
    refused: str = ""


Make = Callable[[Path], Verdict]
"""Writes a graph to a file and checks it."""


def keep(graph: Path, model: str, make: Make) -> Record:
    """The record of the file ``graph``, which is made first if it is not there and whole.

    Safe in several processes at once: one makes it, the others wait. Raises ``OSError`` if the
    folder cannot be written, and what ``make`` raises.
    """
    return _sound(graph) or _made(graph, model, make)


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


def _made(graph: Path, model: str, make: Make) -> Record:
    graph.parent.mkdir(parents=True, exist_ok=True)
    with _alone(graph.with_suffix(".lock")):
        # Another process may have made it while this one waited.
        record = _sound(graph)
        if record:
            return record
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(dir=graph.parent) as work:
            file = Path(work) / "made.onnx"
            verdict = make(file)
            record = _recorded(file, model, verdict)
            if not record.refused:
                file.replace(graph)
        _write(graph.with_suffix(".json"), record)
        log.info(
            "Converted %s to %s in %.1f s; lowest cosine %.6f.",
            model,
            graph.name,
            time.perf_counter() - started,
            verdict.lowest_cosine,
        )
        return record


def _recorded(file: Path, model: str, verdict: Verdict) -> Record:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    return Record(model, sha256, round(verdict.lowest_cosine, 6), verdict.refused)


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
