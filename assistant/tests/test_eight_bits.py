"""Estimates from eight bits are never further off than they say, and lose nobody."""

import numpy as np
import pytest

from assistant import matching
from assistant.eight_bits import LARGEST, ZERO, EightBits
from assistant.integer_product import product_of
from assistant.interfaces import Entry
from assistant.matching import ReleaseMatrix


def product_by_numpy(columns, *, zero):
    return lambda digits: (digits.astype(np.int64) - zero) @ columns


def unit(rows):
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def spread(random, shape):
    return random.standard_normal(shape)


def in_clusters(random, shape):
    """Few texts said in many ways that hardly differ."""
    centres = random.standard_normal((7, shape[1]))
    return centres[random.integers(0, 7, shape[0])] + random.normal(0, 1e-4, shape)


def with_a_loud_dimension(random, shape):
    rows = random.standard_normal(shape)
    rows[:, 0] += 30
    return rows


def with_a_silent_dimension(random, shape):
    rows = random.standard_normal(shape)
    rows[:, -1] = 0
    return rows


def all_twins(random, shape):
    return np.tile(random.standard_normal(shape[1]), (shape[0], 1))


KINDS = [spread, in_clusters, with_a_loud_dimension, with_a_silent_dimension, all_twins]
DIMENSIONS = [2, 33, 384]


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_no_estimate_is_further_off_than_it_says(kind, dimension):
    random = np.random.default_rng(5)
    matrix = unit(kind(random, (5_000, dimension)))
    estimate = EightBits(matrix, product_of)
    questions = [*unit(random.standard_normal((20, dimension))), *matrix[:20], -matrix[0]]

    for question in questions:
        similarities, wrong = estimate(question)
        true = matrix.astype(np.float64) @ question.astype(np.float64)

        assert np.abs(similarities - true).max() <= wrong + 1e-6
        assert wrong < 0.03


def test_the_product_is_exact_even_where_sixteen_bits_would_just_do():
    columns = np.full((384, 50), LARGEST, dtype=np.int8)
    columns[:, ::2] *= -1
    digits = np.array([[128] * 384, [0] * 384], dtype=np.uint8)

    sums = product_of(columns, zero=ZERO)(digits)

    assert sums.tolist() == product_by_numpy(columns, zero=ZERO)(digits).tolist()


def release_of(matrix, *, per_faq, product):
    return ReleaseMatrix(
        [
            Entry(
                key=str(row),
                faq_id=f"faq-{row // per_faq:05}",
                phrasing=f"phrasing {row}",
                category=f"category {row // per_faq % 5}",
                vector=vector,
                audience=("", "", "staff")[row // per_faq % 3],
            )
            for row, vector in enumerate(matrix)
        ],
        product_of=product,
    )


def compared_one_by_one(release, vector, *, limit, **asked_for):
    """Where every FAQ is to be told there is nothing to estimate."""
    return release.match(vector, limit=len(release), **asked_for)[:limit]


@pytest.mark.parametrize("product", [None, product_by_numpy, product_of])
@pytest.mark.parametrize("per_faq", [1, 3, 400])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_found_is_what_comparing_all_finds(kind, per_faq, product, monkeypatch):
    monkeypatch.setattr(matching, "EIGHT_BITS_FROM", 1)
    random = np.random.default_rng(9)
    matrix = unit(kind(random, (1_200, 48)))
    release = release_of(matrix, per_faq=per_faq, product=product)
    questions = [*unit(random.standard_normal((5, 48))), *matrix[:3]]

    for question in questions:
        for limit in (1, 10, 70):
            found = release.match(question, limit=limit)

            assert found == compared_one_by_one(release, question, limit=limit)


@pytest.mark.parametrize("asked_for", [{"categories": {"category 3"}}, {"audiences": ()}])
@pytest.mark.parametrize("kind", KINDS)
def test_and_so_it_is_among_the_faqs_of_a_category_or_for_an_audience(kind, asked_for, monkeypatch):
    monkeypatch.setattr(matching, "EIGHT_BITS_FROM", 1)
    random = np.random.default_rng(13)
    release = release_of(unit(kind(random, (1_200, 48))), per_faq=2, product=product_of)

    for question in unit(random.standard_normal((5, 48))):
        found = release.match(question, limit=10, **asked_for)

        assert found == compared_one_by_one(release, question, limit=10, **asked_for)


def test_a_handful_is_left_to_compare():
    random = np.random.default_rng(17)
    release = release_of(unit(spread(random, (20_000, 384))), per_faq=1, product=product_of)

    counts = [release.compared(unit(random.standard_normal(384)), limit=10) for _ in range(10)]

    assert min(counts) >= 10
    assert max(counts) < 200
