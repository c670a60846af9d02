"""Vectors of recent questions are remembered, the questions are not."""

import pickle
import threading

import numpy as np
import pytest

from assistant.embedding.vector_cache import VectorCache
from assistant.tests.fakes import HashEmbedder


class CountingEmbedder(HashEmbedder):
    """Knows what it was asked to embed."""

    def __init__(self):
        super().__init__()
        self.embedded, self.calls = [], []

    def embed(self, texts, *, progress=None):
        self.embedded += texts
        self.calls.append(texts)
        return super().embed(texts, progress=progress)


@pytest.fixture
def embedder():
    return CountingEmbedder()


def test_the_second_time_the_vector_is_remembered(embedder):
    cache = VectorCache(embedder)

    first = cache.embed(["Where is my order?"])
    second = cache.embed(["Where is my order?"])

    assert (first.cached, second.cached) == (False, True)
    assert embedder.embedded == ["Where is my order?"]
    expected = HashEmbedder().embed(["Where is my order?"])[0]
    for embedded in (first, second):
        np.testing.assert_array_equal(embedded.vectors["Where is my order?"], expected)


def test_room_for_more_keeps_what_is_there(embedder):
    cache = VectorCache(embedder, size=1)
    cache.embed(["a"])

    cache.make_room(3)
    cache.embed(["b", "c"])

    assert cache.embed(["a", "b", "c"]).cached


def test_texts_are_embedded_at_once_and_only_those_that_are_new(embedder):
    cache = VectorCache(embedder)
    cache.embed(["b"])

    embedded = cache.embed(["a", "b", "c", "a"])

    assert embedder.calls == [["b"], ["a", "c"]]
    assert list(embedded.vectors) == ["b", "a", "c"]
    assert not embedded.cached


@pytest.mark.parametrize(
    "same",
    [
        pytest.param("  Where is  my\n order? ", id="other spaces"),
        pytest.param("Where is my order?\u3000", id="an ideographic space"),
    ],
)
def test_spaces_make_no_other_question(embedder, same):
    cache = VectorCache(embedder)
    cache.embed([same])

    assert cache.embed(["Where is my order?"]).cached
    assert embedder.embedded == ["Where is my order?"]


def test_one_letter_in_two_spellings_makes_no_other_question(embedder):
    cache = VectorCache(embedder)
    cache.embed(["caf\u00e9"])

    assert cache.embed(["cafe\u0301"]).cached


def test_capitals_may_matter_to_a_model_and_make_another_question(embedder):
    cache = VectorCache(embedder)
    cache.embed(["us"])

    assert not cache.embed(["US"]).cached


def test_the_one_unused_for_longest_makes_room(embedder):
    cache = VectorCache(embedder, size=2)
    for text in ("a", "b", "a", "c"):
        cache.embed([text])

    assert [cache.embed([text]).cached for text in ("a", "c")] == [True, True]
    assert not cache.embed(["b"]).cached


def test_a_caller_cannot_change_what_is_remembered(embedder):
    vector = VectorCache(embedder).embed(["a"]).vectors["a"]

    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 1.0


def test_nothing_of_the_question_is_kept(embedder):
    cache = VectorCache(HashEmbedder())
    cache.embed(["my card is 4111111111111111"])

    stored = pickle.dumps(cache._vectors)

    assert b"4111111111111111" not in stored


def test_two_caches_know_the_same_question_by_different_keys(embedder):
    one, other = VectorCache(embedder), VectorCache(embedder)
    one.embed(["a"])
    other.embed(["a"])

    assert one._vectors.keys() != other._vectors.keys()


def test_many_threads_may_ask_at_once(embedder):
    cache = VectorCache(embedder, size=5)
    wrong = []

    def ask(worker):
        for n in range(300):
            text = f"question {(n * worker) % 17}"
            vector = cache.embed([text]).vectors[text]
            if not np.array_equal(vector, HashEmbedder().embed([text])[0]):
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong
    assert len(cache._vectors) == 5
