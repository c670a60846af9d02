"""Above so many phrasings only Chroma's candidates are compared; their similarities are exact."""

import numpy as np
import pytest

from assistant.chroma.index import ChromaIndex
from assistant.interfaces import IndexUnavailable
from assistant.matching import chroma_candidates, loaded_release
from assistant.matching.chroma_candidates import CandidateSearch
from assistant.matching.entries import entries
from assistant.matching.loaded_release import LoadedRelease
from assistant.matching.matrix import ReleaseMatrix
from faq.content import Content

NAME = "candidates-test"
QUESTION = "my password, where is the refund of it?"
WORDS = (
    *("parcel", "refund", "invoice", "password"),
    *("delivery", "warranty", "voucher", "account"),
)


@pytest.fixture(scope="module")
def knowledge_base(converted):
    contents = [
        Content(f"{one}-{other}", f"Where is the {one} of my {other}?", "There.", one)
        for one in WORDS
        for other in WORDS
    ]
    texts = [content.question for content in contents]
    stored = entries(contents, dict(zip(texts, converted.embed(texts), strict=True)))
    return {content.slug: content for content in contents}, stored


@pytest.fixture
def large(knowledge_base, chroma_url, monkeypatch):
    """A release that counts as large, its collection in Chroma, and the searches there."""
    monkeypatch.setattr(loaded_release, "EXACT_UP_TO", 10)
    monkeypatch.setattr(chroma_candidates, "CANDIDATES", 20)
    contents, stored = knowledge_base
    index = ChromaIndex(chroma_url)
    index.sync(NAME, stored)
    searches = []

    def opened():
        searches.append(NAME)
        return index

    search = CandidateSearch(opened, NAME)
    yield LoadedRelease(1, 1, contents, ReleaseMatrix(stored), candidates=search), searches
    index.drop(NAME)


@pytest.fixture
def vector(converted):
    return converted.embed([QUESTION])[0]


def test_the_candidates_give_what_comparing_all_gives(large, vector):
    release, searches = large

    result = release.search(QUESTION, vector, limit=5)

    assert result.matches == release.matrix.match(vector, limit=5)
    assert not result.degraded
    assert len(searches) == 1


def test_a_faq_that_is_named_is_included_however_far_away_it_is(large, vector):
    release, _ = large
    ranked = release.matrix.match(vector, limit=64)

    def matches(also):
        return release.search(QUESTION, vector, limit=3, also=[also]).matches

    assert matches(ranked[1].faq_id) == ranked[:3]
    assert matches(ranked[-1].faq_id) == [*ranked[:3], ranked[-1]]
    assert matches("unheard-of") == ranked[:3]


def test_candidates_are_of_the_category(large, vector):
    release, searches = large

    result = release.search(QUESTION, vector, limit=5, category="voucher")

    assert result.matches == release.matrix.match(vector, limit=5, categories={"voucher"})
    assert len(searches) == 1


def test_what_somebody_may_see_is_found_beyond_the_candidates(
    knowledge_base, chroma_url, large, vector
):
    contents, stored = knowledge_base
    release, _ = large
    far = [match.faq_id for match in release.matrix.match(vector, limit=64)[-3:]]
    seen = [
        entry if entry.faq_id in far else type(entry)(**{**vars(entry), "audience": "staff"})
        for entry in stored
    ]
    restricted = LoadedRelease(
        *(1, 1, contents, ReleaseMatrix(seen)), candidates=release.candidates
    )

    result = restricted.search(QUESTION, vector, limit=5, audiences=frozenset())

    assert [match.faq_id for match in result.matches] == far


def test_a_small_release_does_not_use_the_index(large, vector, monkeypatch):
    monkeypatch.setattr(loaded_release, "EXACT_UP_TO", 1000)
    release, searches = large

    assert release.search(QUESTION, vector, limit=3).matches
    assert not searches


def test_while_chroma_is_down_all_is_compared_and_chroma_left_alone(
    knowledge_base, monkeypatch, caplog
):
    monkeypatch.setattr(loaded_release, "EXACT_UP_TO", 10)
    contents, stored = knowledge_base
    tries = []

    def unavailable():
        tries.append(NAME)
        raise IndexUnavailable("Chroma does not answer.")

    release = LoadedRelease(
        *(1, 1, contents, ReleaseMatrix(stored)), candidates=CandidateSearch(unavailable, NAME)
    )
    vector = np.array(stored[5].vector)

    for _ in range(3):
        result = release.search("x", vector, limit=3)
        assert result.matches == release.matrix.match(vector, limit=3)
        assert result.degraded

    assert len(tries) == 1
    assert [record.message for record in caplog.records] == [
        "Chroma is not asked for 10 s: Chroma does not answer."
    ]


def test_a_collection_that_is_not_there_gives_no_candidates(knowledge_base, chroma_url):
    search = CandidateSearch(lambda: ChromaIndex(chroma_url), "nowhere")

    assert search(knowledge_base[1][0].vector) is None
