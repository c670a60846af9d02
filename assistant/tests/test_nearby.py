"""A large release is looked at where Chroma says; what is said of it is computed as ever."""

import numpy as np
import pytest

from assistant import loaded, nearby
from assistant.entries import entries
from assistant.index import ChromaIndex
from assistant.interfaces import IndexUnavailable
from assistant.loaded import LoadedRelease
from assistant.matching import ReleaseMatrix
from assistant.nearby import Nearby
from faq.content import Content

NAME = "nearby-test"


@pytest.fixture(scope="module")
def said(converted):
    words = [
        "parcel",
        "refund",
        "invoice",
        "password",
        "delivery",
        "warranty",
        "voucher",
        "account",
    ]
    contents = [
        Content(f"{one}-{other}", f"Where is the {one} of my {other}?", "There.", one)
        for one in words
        for other in words
    ]
    texts = [content.question for content in contents]
    held = entries(contents, dict(zip(texts, converted.embed(texts), strict=True)))
    return {content.slug: content for content in contents}, held


@pytest.fixture
def large(said, chroma_url, monkeypatch):
    """A release that counts as large, its collection in Chroma."""
    monkeypatch.setattr(loaded, "EXACT_UP_TO", 10)
    contents, held = said
    index = ChromaIndex(chroma_url)
    index.prepare(NAME, held)
    asked = []

    def search(vector, limit):
        asked.append(limit)
        return index.nearest_faqs(NAME, vector, limit=20)

    release = LoadedRelease(1, 1, contents, ReleaseMatrix(held), nearby=Nearby(search))
    yield release, asked
    index.drop(NAME)


QUESTION = "my password, where is the refund of it?"


def test_it_finds_what_reading_all_of_it_finds(large, converted):
    release, asked = large
    vector = converted.embed([QUESTION])[0]

    found = release.find(QUESTION, vector, limit=10)

    assert found == release.matrix.match(vector, limit=10)
    assert asked == [nearby.CANDIDATES]


def test_a_faq_asked_for_is_told_of_wherever_it_is(large, converted):
    release, _ = large
    vector = converted.embed([QUESTION])[0]
    ranked = release.matrix.match(vector, limit=64)

    near = release.find(QUESTION, vector, limit=3, also=ranked[1].faq_id)
    far = release.find(QUESTION, vector, limit=3, also=ranked[-1].faq_id)
    nowhere = release.find(QUESTION, vector, limit=3, also="unheard-of")

    assert (near, far, nowhere) == (ranked[:3], [*ranked[:3], ranked[-1]], ranked[:3])


def test_a_question_about_one_category_reads_all_of_it(large, converted):
    release, asked = large
    vector = converted.embed([QUESTION])[0]

    found = release.find(QUESTION, vector, limit=10, category="voucher")

    assert {match.category for match in found} == {"voucher"}
    assert not asked


def test_a_small_release_does_not_ask(large, converted, monkeypatch):
    monkeypatch.setattr(loaded, "EXACT_UP_TO", 1000)
    release, asked = large

    assert len(release.find(QUESTION, converted.embed([QUESTION])[0], limit=3)) == 3

    assert not asked


def test_while_chroma_is_down_all_is_read_and_chroma_left_alone(said, monkeypatch, caplog):
    monkeypatch.setattr(loaded, "EXACT_UP_TO", 10)
    contents, held = said
    asked = []

    def search(vector, limit):
        asked.append(limit)
        raise IndexUnavailable("Chroma does not answer.")

    release = LoadedRelease(1, 1, contents, ReleaseMatrix(held), nearby=Nearby(search))
    vector = np.array(held[5].vector)

    for _ in range(3):
        assert release.find("x", vector, limit=3) == release.matrix.match(vector, limit=3)

    assert len(asked) == 1
    assert [record.message for record in caplog.records] == [
        "Every phrasing is read for 10 s: Chroma does not answer."
    ]


def test_a_collection_that_is_not_there_leaves_all_to_be_read(said, chroma_url):
    index = ChromaIndex(chroma_url)

    near = Nearby(lambda vector, limit: index.nearest_faqs("nowhere", vector, limit=limit))

    assert near(said[1][0].vector) is None
