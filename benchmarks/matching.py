"""Measure time, memory and recall of matching by the number of phrasings.

    .venv/bin/python -m benchmarks matching --phrasings 1000,10000,100000

Uses the vectors in the site's Postgres; if there are too few, the rest are noisy copies. Filling
Chroma takes minutes for 100,000.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from django.conf import settings

from assistant import embedders, wiring
from assistant.chroma.index import ChromaIndex
from assistant.decision.matches import Match
from assistant.interfaces import Entry, Matrix, Unavailable, Vector
from assistant.matching import stored_vectors
from assistant.matching.chroma_candidates import CANDIDATES, EXACT_UP_TO
from assistant.matching.matrix import ReleaseMatrix
from assistant.models import PhrasingVector

MIN_ROWS = 500
LIMIT = 10
NOISE = 0.02
"""Standard deviation of the noise per dimension. At 384 dimensions the cosine with the original is
about 0.93, as between two phrasings of one FAQ."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks matching", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--phrasings", default="1000,10000,100000", help="sizes, with commas")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--exact-only", action="store_true", help="do not fill Chroma")
    options = parser.parse_args(arguments)
    try:
        stored = _stored_vectors(embedders.embedder().name)
        questions, phrasings = stored[: options.questions], stored[options.questions :]
        print(
            f"{len(phrasings)} stored vectors, {len(questions)} others as questions; {LIMIT} FAQs "
            f"each. Up to {EXACT_UP_TO} phrasings a site matches exactly, above with Chroma.\n"
            "phrasings  with noise  memory MB  exact: median, p95 ms"
            "  Chroma: median, p95 ms  first match recall  recall at ten"
        )
        for size in map(int, options.phrasings.split(",")):
            print(_row(questions, phrasings, size, exact_only=options.exact_only))
    except Unavailable as failure:
        raise SystemExit(str(failure)) from None


def _stored_vectors(embedder: str) -> Matrix:
    stored = PhrasingVector.objects.filter(embedder=embedder).order_by("digest")
    column = stored.values_list("vector", flat=True).iterator(5_000)
    rows = [np.frombuffer(row, dtype=stored_vectors.STORED_TYPE) for row in column]
    if len(rows) < MIN_ROWS:
        raise SystemExit(f"{len(rows)} stored vectors are too few: ingest more FAQs first.")
    return stored_vectors.matrix(rows)


def _row(questions: Matrix, phrasings: Matrix, size: int, *, exact_only: bool) -> str:
    matrix = _of_size(phrasings, size)
    entries = [Entry(f"{n:08}#0", f"{n:08}", str(n), "", vector) for n, vector in enumerate(matrix)]
    release = ReleaseMatrix(entries)
    exact, exact_ms = _timed(lambda vector: release.match(vector, limit=LIMIT), questions)
    row = (
        f"{size:9}  {max(0, size - len(phrasings)):10}  {matrix.nbytes / 1e6:9.0f}  {exact_ms:>21}"
    )
    return row if exact_only else row + _with_chroma(questions, entries, release, exact)


def _with_chroma(
    questions: Matrix, entries: list[Entry], release: ReleaseMatrix, exact: list[list[Match]]
) -> str:
    name = f"{settings.FAQ_COLLECTION_NAME}-benchmark-{len(entries)}"
    with _collection(name, entries) as index:

        def match(vector: Vector) -> list[Match]:
            candidates = index.nearest_faqs(name, vector, limit=CANDIDATES)
            return release.match(vector, limit=LIMIT, among=candidates)

        matches, ms = _timed(match, questions)
    pairs = [
        ([m.faq_id for m in a], [m.faq_id for m in b]) for a, b in zip(exact, matches, strict=True)
    ]
    first = np.mean([a[:1] == b[:1] for a, b in pairs])
    ten = np.mean([len({*a} & {*b}) / len(a) for a, b in pairs])
    return f"  {ms:>22}  {first:17.4f}  {ten:13.4f}"


def _of_size(phrasings: Matrix, size: int) -> Matrix:
    """The first ``size`` vectors, filled up with noisy copies."""
    random = np.random.default_rng(7)
    matrix = np.resize(phrasings, (size, phrasings.shape[1]))
    for start in range(len(phrasings), size, 100_000):
        rows = matrix[start : start + 100_000]
        rows += random.standard_normal(rows.shape, dtype=np.float32) * NOISE
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return matrix


def _timed(
    match: Callable[[Vector], list[Match]], questions: Matrix
) -> tuple[list[list[Match]], str]:
    match(questions[0])
    matches, ms = [], []
    for vector in questions:
        started = time.perf_counter()
        matches.append(match(vector))
        ms.append((time.perf_counter() - started) * 1000)
    return matches, f"{np.median(ms):.2f}, {np.quantile(ms, 0.95):.2f}"


@contextmanager
def _collection(name: str, entries: list[Entry]) -> Iterator[ChromaIndex]:
    index = ChromaIndex(settings.CHROMA_URL or wiring.chroma_server().ensure_running())
    index.drop(name)
    try:
        index.sync(name, entries)
        yield index
    finally:
        index.drop(name)
