"""Print how well questions that no FAQ answers are grouped by meaning, beside k-means and linkage.

Each set is a folder with ``faq.csv``, ``faq_alternates.csv`` and a file of labelled questions. A
fifth of the FAQs is held back, and the questions about them are grouped: a good group holds the
questions of one FAQ. k-means and average linkage get the true number of FAQs, which a site does not
know. ``--all`` groups all questions of a set.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.cluster import AgglomerativeClustering, KMeans

from assistant.learning.communities import Matrix, calibrated_threshold, communities
from benchmarks.answer_quality.release import read_faqs, read_questions
from benchmarks.answer_quality.vector_store import VectorStore

Labels = npt.NDArray[np.intp]
Texts = npt.NDArray[np.str_]
Figures = tuple[float, ...]

DRAWS = 6
MIN_HELD_BACK = 6

SIZES = (1_000, 10_000, 50_000)
NOISE = 0.02
"""Standard deviation per dimension of the copies that fill up a larger size."""


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.answer_quality.grouping")
    parser.add_argument("sets", nargs="+", type=Path, help="folders of question sets")
    parser.add_argument("--questions", default="queries.csv", help="the file in each folder")
    parser.add_argument("--vectors", type=Path, default=Path("var/answer_quality/vectors.npz"))
    parser.add_argument("--all", action="store_true", help="hold no FAQ back, group all questions")
    parser.add_argument("--sizes", action="store_true", help="time 1,000 to 50,000 questions too")
    options = parser.parse_args()
    store = VectorStore(options.vectors)
    rows = np.empty((0, 0), dtype=np.float32)
    for folder in options.sets:
        labelled = [pair for pair in read_questions(folder / options.questions) if pair[1]]
        store.add(text for text, _ in labelled)
        rows = np.stack([store[text] for text, _ in labelled])
        faq_ids = np.array([faq_id for _, faq_id in labelled])
        curated, curated_ids = phrasings(folder, store)
        print(f"{folder.name}: pair precision, pair recall, share alone, stability")
        for name, figures in mean_report(
            (rows, faq_ids), (curated, curated_ids), everything=options.all
        ).items():
            print(f"  {name:30} " + "  ".join(f"{figure:.3f}" for figure in figures))
    if options.sizes:
        for size in SIZES:
            print(f"{size} questions: {seconds(rows, size):.1f} s")


def mean_report(
    questions: tuple[Matrix, Texts], curated: tuple[Matrix, Texts], *, everything: bool
) -> dict[str, Figures]:
    """The mean figures of each way to group, over ``DRAWS`` choices of FAQs that are held back."""
    reports: dict[str, list[Figures]] = {}
    for seed in range(1 if everything else DRAWS):
        held_back = np.unique(questions[1])
        if not everything:
            order = np.random.default_rng(seed).permutation(held_back)
            held_back = order[: max(MIN_HELD_BACK, len(order) // 5)]
        chosen = np.isin(questions[1], held_back)
        remaining = np.isin(curated[1], held_back, invert=not everything)
        threshold = calibrated_threshold(curated[0][remaining], list(curated[1][remaining]))
        labels = np.unique(questions[1][chosen], return_inverse=True)[1]
        for name, group in ways(len(held_back), threshold).items():
            reports.setdefault(name, []).append(report(group, questions[0][chosen], labels))
    return {name: tuple(np.mean(rows, axis=0)) for name, rows in reports.items()}


def phrasings(folder: Path, store: VectorStore) -> tuple[Matrix, Texts]:
    """The vectors of all phrasings of a set's FAQs, and the FAQ of each."""
    by_text = {
        text: content.slug
        for content in read_faqs(folder, alternates=100)
        for text in (content.question, *content.alternates)
    }
    store.add(by_text)
    return np.stack([store[text] for text in by_text]), np.array(list(by_text.values()))


def ways(count: int, threshold: float) -> dict[str, Callable[[Matrix], Labels]]:
    """Ways to group; each returns the group number of every row."""
    linkage = AgglomerativeClustering(count, metric="cosine", linkage="average")
    return {
        "communities": lambda vectors: grouped(vectors, threshold),
        "k-means": KMeans(count, n_init=3, random_state=0).fit_predict,
        "average linkage": linkage.fit_predict,
    }


def grouped(vectors: Matrix, threshold: float) -> Labels:
    numbers = np.zeros(len(vectors), dtype=np.intp)
    for number, group in enumerate(communities(vectors, [1.0] * len(vectors), threshold)):
        numbers[list(group.members)] = number
    return numbers


def report(group: Callable[[Matrix], Labels], vectors: Matrix, labels: Labels) -> Figures:
    """Pair precision and recall; the share left alone; stability when a tenth is added."""
    numbers = group(vectors)
    together, same = _pairs(numbers), _pairs(labels)
    both = _pairs(numbers * (labels.max() + 1) + labels)
    alone = np.count_nonzero(np.bincount(numbers)[numbers] == 1) / len(numbers)
    return both / max(together, 1), both / same, alone, stability(group, vectors)


def stability(group: Callable[[Matrix], Labels], vectors: Matrix) -> float:
    """Of the pairs grouped without the last tenth (in random order), the share still grouped."""
    order = np.random.default_rng(0).permutation(len(vectors))
    first = order[: len(order) * 9 // 10]
    before, after = group(vectors[first]), group(vectors[order])[: len(first)]
    return _pairs(before * (after.max() + 1) + after) / max(_pairs(before), 1)


def _pairs(numbers: Labels) -> int:
    """The number of pairs with the same number."""
    counts = np.unique(numbers, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def seconds(vectors: Matrix, size: int) -> float:
    """How long ``size`` questions take; beyond those of the set they are noisy copies."""
    random = np.random.default_rng(0)
    copies = chain.from_iterable([vectors] * (size // len(vectors) + 1))
    rows = np.stack([row for row, _ in zip(copies, range(size), strict=False)])
    rows[len(vectors) :] += random.normal(scale=NOISE, size=rows[len(vectors) :].shape).astype(
        np.float32
    )
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    started = time.perf_counter()
    communities(rows, [1.0] * size, 0.75)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
