"""Vectors are read from Postgres, and made once if they are not there."""

import threading

import numpy as np
import pytest

from assistant.interfaces import EmbedderUnavailable
from assistant.matching import stored_vectors
from assistant.matching.entries import entries, entries_as_embedded
from assistant.models import PhrasingVector
from assistant.tests.fakes import HashEmbedder
from faq.content import Content

pytestmark = pytest.mark.django_db

EMBEDDER = HashEmbedder(dimension=32)
"""One whose vectors nobody else has stored."""

TEXTS = [f"question {'o' * (number % 7)} {number}" for number in range(20)]


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(stored_vectors, "EMBED_BATCH", 4)


class Noting(HashEmbedder):
    """Notes what it is given; ``fails_at`` is the number of the batch that fails."""

    def __init__(self, *, fails_at=None):
        super().__init__(dimension=EMBEDDER.dimension)
        self.batches = []
        self.begun = threading.Semaphore(0)
        self._fails_at = fails_at

    def embed(self, texts, *, progress=None):
        if len(self.batches) == self._fails_at:
            raise EmbedderUnavailable("gone")
        self.batches.append(list(texts))
        self.begun.release()
        return super().embed(texts, progress=progress)


def test_every_text_has_its_own_vector():
    vectors = stored_vectors.ensure(EMBEDDER, TEXTS)

    assert set(vectors) == set(TEXTS)
    for text in TEXTS:
        assert np.array_equal(vectors[text], EMBEDDER.embed([text])[0])


def test_what_is_stored_is_not_embedded_again_and_no_text_twice():
    stored_vectors.ensure(EMBEDDER, TEXTS[:7])
    embedder = Noting()

    vectors = stored_vectors.ensure(embedder, [*TEXTS, *TEXTS])

    assert sorted(text for batch in embedder.batches for text in batch) == sorted(TEXTS[7:])
    for text in TEXTS:
        assert np.array_equal(vectors[text], EMBEDDER.embed([text])[0])


def test_progress_hears_of_what_had_to_be_embedded():
    stored_vectors.ensure(EMBEDDER, TEXTS[:7])
    reply = []

    stored_vectors.ensure(EMBEDDER, TEXTS, progress=lambda *done: reply.append(done))

    assert reply == [(4, 13), (8, 13), (12, 13), (13, 13)]


def test_a_batch_is_embedded_while_the_one_before_is_used():
    embedder = Noting()
    coming = stored_vectors.ensure_in_batches(embedder, TEXTS)

    assert next(coming) == {}
    assert embedder.begun.acquire(timeout=30)
    assert next(coming)
    # The second has begun, though only one was asked for.
    assert embedder.begun.acquire(timeout=30)


def test_what_was_saved_before_an_error_stays():
    with pytest.raises(EmbedderUnavailable):
        stored_vectors.ensure(Noting(fails_at=2), TEXTS)

    assert PhrasingVector.objects.filter(embedder=EMBEDDER.name).count() == 8
    assert len(stored_vectors.ensure(EMBEDDER, TEXTS)) == len(TEXTS)


def test_entries_that_arrive_are_the_entries():
    contents = [
        Content(f"faq-{number}", text, "Answer.", "orders", alternates=(f"{text} again",))
        for number, text in enumerate(TEXTS)
    ]
    texts = [*TEXTS, *(f"{text} again" for text in TEXTS), "another text"]
    coming = list(stored_vectors.ensure_in_batches(EMBEDDER, texts))
    vectors = {text: vector for some in coming for text, vector in some.items()}

    arrived = {entry.key: entry for entry in entries_as_embedded(contents, coming)}

    expected = entries(contents, vectors)
    assert arrived.keys() == {entry.key for entry in expected}
    assert len(expected) == 40
    for entry in expected:
        matches = arrived[entry.key]
        assert (matches.faq_id, matches.phrasing, matches.category) == (
            *(entry.faq_id, entry.phrasing, entry.category),
        )
        assert np.array_equal(matches.vector, entry.vector)
