"""Vectors of recent questions are remembered, the questions are not."""

import pickle
import threading

import numpy as np
import pytest

from assistant.fakes import HashEmbedder
from assistant.vector_cache import VectorCache


class CountingEmbedder(HashEmbedder):
    """Knows what it was asked to embed."""

    def __init__(self):
        super().__init__()
        self.embedded = []

    def embed(self, texts, *, progress=None):
        self.embedded += texts
        return super().embed(texts, progress=progress)


@pytest.fixture
def embedder():
    return CountingEmbedder()


def test_the_second_time_the_vector_is_remembered(embedder):
    cache = VectorCache(embedder)

    first, remembered_first = cache.embed_one("Where is my order?")
    second, remembered_second = cache.embed_one("Where is my order?")

    assert (remembered_first, remembered_second) == (False, True)
    assert embedder.embedded == ["Where is my order?"]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, HashEmbedder().embed(["Where is my order?"])[0])


@pytest.mark.parametrize(
    "same",
    [
        pytest.param("  Where is  my\n order? ", id="other spaces"),
        pytest.param("Where is my order?\u3000", id="an ideographic space"),
    ],
)
def test_spaces_make_no_other_question(embedder, same):
    cache = VectorCache(embedder)
    cache.embed_one(same)

    _, remembered = cache.embed_one("Where is my order?")

    assert remembered
    assert embedder.embedded == ["Where is my order?"]


def test_one_letter_in_two_spellings_makes_no_other_question(embedder):
    cache = VectorCache(embedder)
    cache.embed_one("caf\u00e9")

    assert cache.embed_one("cafe\u0301")[1]


def test_capitals_may_matter_to_a_model_and_make_another_question(embedder):
    cache = VectorCache(embedder)
    cache.embed_one("us")

    assert not cache.embed_one("US")[1]


def test_the_one_unused_for_longest_makes_room(embedder):
    cache = VectorCache(embedder, size=2)
    for text in ("a", "b", "a", "c"):
        cache.embed_one(text)

    assert [cache.embed_one(text)[1] for text in ("a", "c")] == [True, True]
    assert not cache.embed_one("b")[1]


def test_a_caller_cannot_change_what_is_remembered(embedder):
    vector, _ = VectorCache(embedder).embed_one("a")

    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 1.0


def test_nothing_of_the_question_is_kept(embedder):
    cache = VectorCache(HashEmbedder())
    cache.embed_one("my card is 4111111111111111")

    kept = pickle.dumps(cache._vectors)

    assert b"4111111111111111" not in kept


def test_two_caches_know_the_same_question_by_different_keys(embedder):
    one, other = VectorCache(embedder), VectorCache(embedder)
    one.embed_one("a")
    other.embed_one("a")

    assert one._vectors.keys() != other._vectors.keys()


def test_many_threads_may_ask_at_once(embedder):
    cache = VectorCache(embedder, size=5)
    wrong = []

    def ask(worker):
        for n in range(300):
            text = f"question {(n * worker) % 17}"
            vector, _ = cache.embed_one(text)
            if not np.array_equal(vector, HashEmbedder().embed([text])[0]):
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong
    assert len(cache._vectors) == 5


# At a glance.


@pytest.fixture
def glances():
    return []


@pytest.fixture
def glancing(embedder, glances):
    def glance(text):
        glances.append(text)
        return np.array([0.6, 0.8], dtype=np.float32)

    return VectorCache(embedder, glance=glance)


def test_a_glance_is_remembered_beside_the_exact_vector(glancing, glances, embedder):
    glancing.glance("Where is  my order?")

    vector, remembered = glancing.glance("Where is my order?")
    exact, exact_remembered = glancing.embed_one("Where is my order?")

    assert (remembered, exact_remembered) == (True, False)
    assert glances == embedder.embedded == ["Where is my order?"]
    assert len(vector) != len(exact)


def test_nobody_glances_at_what_the_exact_vector_is_remembered_of(glancing, glances):
    glancing.embed_one("Where is my order?")

    assert glancing.glance("Where is my order?") is None
    assert not glances


def test_without_anybody_who_can_there_is_no_glance(embedder):
    assert VectorCache(embedder).glance("Where is my order?") is None
    assert VectorCache(embedder, glance=lambda text: None).glance("Where is my order?") is None
