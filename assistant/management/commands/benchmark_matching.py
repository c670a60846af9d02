"""How matching grows with the number of phrasings: time, memory, recall."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from assistant import vectors, wiring
from assistant.decision import Match
from assistant.index import ChromaIndex
from assistant.integer_product import product_of
from assistant.interfaces import Entry, Matrix, Unavailable, Vector
from assistant.matching import EIGHT_BITS_FROM, ReleaseMatrix
from assistant.models import PhrasingVector
from assistant.nearby import CANDIDATES, EXACT_UP_TO
from faq.progress import bar

QUESTIONS = 200
FEWEST = 500
LIMIT = 10
SPREAD = 0.02
"""Standard deviation, in each dimension, of what is added to a real vector: a cosine of about 0.93
with it at 384 dimensions, as far as two phrasings of one FAQ are from each other."""


class Command(BaseCommand):
    help = (
        "Match stored vectors among more and more phrasings, exactly and with Chroma's candidates. "
        "Where there are not enough stored vectors the rest are real ones, perturbed. Chroma needs "
        "minutes for 100,000."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--phrasings", default="1000,10000,100000", help="sizes, with commas")
        parser.add_argument("--exact-only", action="store_true", help="do not fill Chroma")

    def handle(self, *args: Any, **options: Any) -> None:
        sizes = [int(size) for size in options["phrasings"].split(",")]
        try:
            real = _real(wiring.embedder().name)
            questions, known = real[:QUESTIONS], real[QUESTIONS:]
            self.stdout.write(
                f"{len(known)} real vectors, {QUESTIONS} others as questions; {LIMIT} FAQs each. "
                f"Up to {EXACT_UP_TO} phrasings a site matches exactly, above with Chroma.\n"
                "phrasings  perturbed  memory MB  exact: median, p95 ms"
                "  compared: median, most  Chroma: median, p95 ms  first found  all ten found"
            )
            for size in sizes:
                self.stdout.write(_row(questions, known, size, exact_only=options["exact_only"]))
        except Unavailable as failure:
            raise CommandError(str(failure)) from None


def _real(embedder: str) -> Matrix:
    stored = PhrasingVector.objects.filter(embedder=embedder).order_by("digest")
    rows = [np.frombuffer(row, dtype=vectors.STORED_TYPE) for row in _column(stored)]
    if len(rows) < FEWEST:
        raise CommandError(f"{len(rows)} stored vectors are too few: ingest more FAQs first.")
    return vectors.matrix(rows)


def _column(stored: Any) -> Iterator[bytes]:
    yield from stored.values_list("vector", flat=True).iterator(5_000)


def _row(questions: Matrix, known: Matrix, size: int, *, exact_only: bool) -> str:
    held = _grown(known, size)
    entries = [Entry(f"{n:08}#0", f"{n:08}", str(n), "", vector) for n, vector in enumerate(held)]
    release = ReleaseMatrix(entries, product_of=product_of)
    exact, exact_ms = _timed(lambda vector: release.match(vector, limit=LIMIT), questions)
    memory = held.nbytes + (held.size if size >= EIGHT_BITS_FROM else 0)
    counts = [release.compared(vector, limit=LIMIT) for vector in questions]
    compared = f"{np.median(counts):.0f}, {max(counts)}"
    row = (
        f"{size:9}  {max(0, size - len(known)):9}  {memory / 1e6:9.0f}  {exact_ms:>21}"
        f"  {compared:>22}"
    )
    return row if exact_only else row + _with_chroma(questions, entries, release, exact)


def _with_chroma(
    questions: Matrix, entries: list[Entry], release: ReleaseMatrix, exact: list[list[Match]]
) -> str:
    name = f"{settings.FAQ_COLLECTION_NAME}-benchmark-{len(entries)}"
    with _kept(name, entries) as index:

        def told(vector: Vector) -> list[Match]:
            near = index.nearest_faqs(name, vector, limit=CANDIDATES)
            return release.match(vector, limit=LIMIT, among=near)

        found, chroma_ms = _timed(told, questions)
    pairs = [
        ([m.faq_id for m in a], [m.faq_id for m in b]) for a, b in zip(exact, found, strict=True)
    ]
    first = np.mean([a[:1] == b[:1] for a, b in pairs])
    ten = np.mean([len({*a} & {*b}) / len(a) for a, b in pairs])
    return f"  {chroma_ms:>22}  {first:11.4f}  {ten:13.4f}"


def _grown(known: Matrix, size: int) -> Matrix:
    """The first ``size`` real vectors, and as many perturbed copies as are missing."""
    random = np.random.default_rng(7)
    held = np.resize(known, (size, known.shape[1]))
    for start in range(len(known), size, 100_000):
        rows = held[start : start + 100_000]
        rows += random.standard_normal(rows.shape, dtype=np.float32) * SPREAD
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return held


def _timed(
    match: Callable[[Vector], list[Match]], questions: Matrix
) -> tuple[list[list[Match]], str]:
    match(questions[0])
    found, taken = [], []
    for vector in questions:
        started = time.perf_counter()
        found.append(match(vector))
        taken.append((time.perf_counter() - started) * 1000)
    return found, f"{np.median(taken):.2f}, {np.quantile(taken, 0.95):.2f}"


@contextmanager
def _kept(name: str, entries: list[Entry]) -> Iterator[ChromaIndex]:
    index = ChromaIndex(settings.CHROMA_URL or wiring.chroma_server().ensure_running())
    index.drop(name)
    try:
        with bar(f"Chroma {len(entries)}") as progress:
            done = 0

            def tell(count: int) -> None:
                nonlocal done
                done += count
                progress(done, len(entries))

            index.prepare(name, entries, progress=tell)
        yield index
    finally:
        index.drop(name)
