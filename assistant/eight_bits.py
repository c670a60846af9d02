"""Similarities of a question with every phrasing from a quarter of the memory, each within a bound
that holds for certain: enough to tell which few have to be compared exactly.

Pure: numpy only, whoever multiplies whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.interfaces import Matrix, Vector

Similarities = npt.NDArray[np.float32]
Columns = npt.NDArray[np.int8]
"""Shape (dimension, phrasings)."""
Digits = npt.NDArray[np.uint8]
"""Shape (2, dimension)."""
Sums = npt.NDArray[np.int32]
"""Shape (2, phrasings)."""

LARGEST = 127
ZERO = 64
"""What stands for nought in a question's digits. With none above 128, two products of a digit and
an int8 fit into 16 bits, in which some processors add them, see ONNX Runtime's notes on U8S8."""
BASE = 128
MOST = 63 * BASE + 63
"""A question's largest number: two digits of -63..63 and -64..64."""

NEXT_TO_NOTHING = 1e-9

ROWS_AT_ONCE = 4_096

Product = Callable[[Digits], Sums]


class ProductOf(Protocol):
    """Makes the exact product of a question's digits, less ``ZERO`` each, with the columns."""

    def __call__(self, columns: Columns, *, zero: int) -> Product: ...


class EightBits:
    """A matrix whose numbers are rounded to 255 steps, of each column's own size.

    Where x is a row, b what it was rounded to, s the steps and q the question, the error of
    sum(s b q) is (x - s b)q, at most |x - s b||q| (Cauchy and Schwarz): the largest such length is
    known. The question's own numbers s q are rounded to 16,255 steps, which adds next to nothing.
    """

    def __init__(self, matrix: Matrix, product_of: ProductOf) -> None:
        largest = np.maximum(matrix.max(axis=0), -matrix.min(axis=0))
        # A column of noughts has steps too, and what a question has there must not count.
        self._steps = np.maximum(largest, NEXT_TO_NOTHING).astype(np.float32) / LARGEST
        self._error = self._length = 0.0
        columns = np.empty(matrix.shape[::-1], dtype=np.int8)
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            rows = matrix[start : start + ROWS_AT_ONCE]
            rounded = np.rint(rows / self._steps)
            columns[:, start : start + len(rows)] = rounded.T
            self._length = max(self._length, _longest(rounded))
            self._error = max(self._error, _longest(rows - rounded * self._steps))
        self._product = product_of(columns, zero=ZERO)

    def __call__(self, vector: Vector) -> tuple[Similarities, float]:
        """Of every phrasing, and by how much each may be wrong, but for float32's own rounding."""
        wanted = vector.astype(np.float64) * self._steps
        step = (float(np.abs(wanted).max()) or 1.0) / MOST
        numbers = np.rint(wanted / step)
        high = np.rint(numbers / BASE)
        digits = np.array((high, numbers - high * BASE)) + ZERO
        sums = self._product(digits.astype(np.uint8))
        # Not in whole numbers: of long vectors they pass 32 bits.
        similarities = np.multiply(sums[0], BASE * step, dtype=np.float32)
        similarities += np.multiply(sums[1], step, dtype=np.float32)
        left_out = wanted - numbers * step
        return similarities, self._error * _length(vector) + self._length * _length(left_out)


def _length(vector: npt.NDArray[np.floating]) -> float:
    return sqrt(float(vector @ vector))


def _longest(rows: Matrix) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", rows, rows).max()))
