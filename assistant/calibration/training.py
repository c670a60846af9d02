"""Train the classifier of a release's phrasings.

Pure: numpy, and scikit-learn, which is imported when it trains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.calibration.features import Positions
from assistant.interfaces import Matrix
from assistant.matching.classifier import Classifier

MIN_FAQS = 3
"""With two classes scikit-learn fits a binary model of another shape."""

INVERSE_REGULARISATION = 30.0
"""scikit-learn's C; from 10 to 100 it makes no difference on five sets."""


@dataclass(frozen=True, eq=False)
class Phrasings:
    """Unit vectors, shape (n, dimension), and the FAQ id of each."""

    faq_ids: Sequence[str]
    vectors: Matrix

    def __post_init__(self) -> None:
        if len(self.faq_ids) != len(self.vectors):
            raise ValueError(f"{len(self.faq_ids)} ids for {len(self.vectors)} vectors")

    def sorted_by(self, faq_ids: Sequence[str]) -> tuple[Matrix, Positions]:
        """The vectors of these FAQs, and each vector's FAQ as a position in ``faq_ids``.

        Sorted by ``faq_ids``; the result does not depend on the order of the input.
        """
        column = {faq_id: place for place, faq_id in enumerate(faq_ids)}
        rows = sorted(
            (column[faq_id], vector.tolist(), place)
            for place, (faq_id, vector) in enumerate(zip(self.faq_ids, self.vectors, strict=True))
            if faq_id in column
        )
        places = np.array([place for _, _, place in rows], dtype=np.intp)
        return self.vectors[places], np.array([faq for faq, _, _ in rows], dtype=np.intp)


NONE = Phrasings((), np.empty((0, 0), dtype=np.float32))


def train(
    vectors: Matrix,
    faqs: Positions,
    faq_ids: Sequence[str],
    *,
    start: Classifier | None = None,
) -> Classifier:
    """Multinomial logistic regression; every FAQ has the same weight.

    ``faqs``: the position in ``faq_ids`` of each row of ``vectors``; each id occurs, and there are
    at least ``MIN_FAQS`` of them. ``start``: a classifier of the same FAQs, for a warm start.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        C=INVERSE_REGULARISATION, class_weight="balanced", max_iter=300, warm_start=True
    )
    if start is not None:
        model.coef_, model.intercept_ = start.weights, start.bias
    model.fit(vectors.astype(np.float32), faqs)
    # The same memory layout as a stored classifier: the sums of a product depend on it.
    weights = np.ascontiguousarray(model.coef_, dtype=np.float32)
    return Classifier(tuple(faq_ids), weights, model.intercept_.astype(np.float32))


def one_thread() -> Any:
    """A context with one BLAS thread: results do not depend on the number of cores."""
    # threadpool_limits only affects libraries that are already loaded.
    import sklearn.linear_model  # noqa: F401
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)
