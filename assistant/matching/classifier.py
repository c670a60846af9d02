"""A release's classifier: the probability that a question belongs to each of its FAQs.

Pure: numpy only. ``assistant.calibration.fitting`` trains it on the phrasings; at run time it is
one product of the question's vector with a matrix of one row per FAQ.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.interfaces import Matrix, Vector

Scores = npt.NDArray[np.float64]

_STORED = np.dtype("<f4")
"""Little-endian float32 on every machine: a classifier is stored and read bit for bit."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """Multinomial logistic regression. ``weights``: (FAQs, dimension); ``bias``: (FAQs,)."""

    faq_ids: tuple[str, ...]
    weights: Matrix
    bias: Vector

    def __post_init__(self) -> None:
        faqs = len(self.faq_ids)
        if self.weights.ndim != 2 or len(self.weights) != faqs or self.bias.shape != (faqs,):
            raise ValueError(
                f"{faqs} FAQs need as many rows of weights, not {self.weights.shape}, "
                f"and as many biases, not {self.bias.shape}"
            )

    def votes(self, vector: Vector, among: Iterable[str] | None = None) -> dict[str, float]:
        """The probability, 0..1, of each FAQ; the sum over all FAQs is 1.

        ``among``: return only the votes of these FAQs.
        """
        votes = self.log_votes(vector[np.newaxis, :])[0]
        if among is None:
            return dict(zip(self.faq_ids, np.exp(votes).tolist(), strict=True))
        faq_ids = [faq_id for faq_id in among if faq_id in self.rows]
        probabilities = np.exp(votes[[self.rows[faq_id] for faq_id in faq_ids]])
        return dict(zip(faq_ids, probabilities.tolist(), strict=True))

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of the weights, by FAQ id."""
        return {faq_id: row for row, faq_id in enumerate(self.faq_ids)}

    def log_votes(self, vectors: Matrix) -> Scores:
        """Natural logarithms of the votes; shape (len(vectors), FAQs)."""
        scores = (vectors @ self.weights.T + self.bias).astype(np.float64)
        scores -= scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, without loss of precision."""
        return {
            "faq_ids": list(self.faq_ids),
            "weights": b64encode(self.weights.astype(_STORED).tobytes()).decode("ascii"),
            "bias": b64encode(self.bias.astype(_STORED).tobytes()).decode("ascii"),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Classifier:
        """The inverse of ``as_dict``. Raises ``KeyError`` or ``ValueError`` for anything else."""
        faq_ids = tuple(stored["faq_ids"])
        weights = np.frombuffer(b64decode(stored["weights"]), dtype=_STORED)
        bias = np.frombuffer(b64decode(stored["bias"]), dtype=_STORED)
        return cls(
            faq_ids,
            weights.reshape(len(faq_ids), -1).astype(np.float32),
            bias.astype(np.float32),
        )
