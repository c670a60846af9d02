"""The closest FAQs of a release, exactly."""

import numpy as np
import pytest

from assistant.interfaces import Entry
from assistant.matching.matrix import ReleaseMatrix


def entry(faq_id, phrasing, *vector, category="orders"):
    direction = np.array(vector, dtype=np.float32)
    return Entry(
        key=f"{faq_id}#{phrasing}",
        faq_id=faq_id,
        phrasing=phrasing,
        category=category,
        vector=direction / np.linalg.norm(direction),
    )


def question(*vector):
    return entry("", "", *vector).vector


RELEASE = [
    entry("returns", "How do I return it?", 0, 1, 0),
    entry("password", "I forgot my password", 1, 0.2, 0, category="account"),
    entry("password", "How do I reset my password?", 1, 0, 0, category="account"),
    entry("delivery", "When does it arrive?", 0, 0, 1),
]


def ids_and_phrasings(matches):
    return [(match.faq_id, match.phrasing) for match in matches]


def test_each_faq_is_found_once_by_its_best_phrasing_best_first():
    matches = ReleaseMatrix(RELEASE).match(question(3, 1, 0), limit=10)

    assert ids_and_phrasings(matches) == [
        ("password", "I forgot my password"),
        ("returns", "How do I return it?"),
        ("delivery", "When does it arrive?"),
    ]
    assert [match.category for match in matches] == ["account", "orders", "orders"]


def test_similarity_is_the_cosine():
    closest, other, opposite = ReleaseMatrix(
        [entry("a", "a", 3, 4), entry("b", "b", 0, 9), entry("c", "c", -1, 0)]
    ).match(question(1, 0), limit=3)

    assert (closest.similarity, other.similarity, opposite.similarity) == (
        pytest.approx(0.6, abs=1e-6),
        pytest.approx(0.0, abs=1e-6),
        -1.0,
    )


def test_the_same_text_is_never_more_similar_than_one():
    vectors = np.random.default_rng(7).normal(size=(200, 384))
    release = ReleaseMatrix([entry(f"faq-{n}", "x", *vector) for n, vector in enumerate(vectors)])

    closest = [release.match(question(*vector), limit=1)[0] for vector in vectors]

    assert {match.similarity for match in closest} == {1.0}


def test_no_more_than_the_limit_are_returned():
    matches = ReleaseMatrix(RELEASE).match(question(1, 1, 1), limit=2)

    assert len(matches) == 2


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_equals_come_in_the_order_of_their_ids_whatever_order_they_were_read_in(limit):
    equals = [entry(f"faq-{n:02}", "the same", 1, 2, 3) for n in range(40)]
    first = ReleaseMatrix(equals).match(question(1, 2, 3), limit=limit)
    again = ReleaseMatrix(equals[::-1]).match(question(1, 2, 3), limit=limit)

    assert first == again
    assert [match.faq_id for match in first] == [f"faq-{n:02}" for n in range(40)][:limit]


def test_a_difference_too_small_to_be_shown_makes_nobody_closer():
    release = ReleaseMatrix([entry("b", "b", 0.6000001, 0.8), entry("a", "a", 0.6, 0.8)])

    (closest,) = release.match(question(1, 0), limit=1)

    assert (closest.faq_id, closest.similarity) == ("a", 0.6)


def test_of_equal_phrasings_of_one_faq_the_first_by_alphabet_is_shown():
    release = ReleaseMatrix([entry("a", "zebra", 1, 2), entry("a", "apple", 1, 2)])

    assert ids_and_phrasings(release.match(question(1, 2), limit=1)) == [("a", "apple")]


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        pytest.param(None, ["password", "delivery", "returns"], id="no categories: all"),
        pytest.param({"orders"}, ["delivery", "returns"], id="one category"),
        pytest.param({"orders", "account"}, ["password", "delivery", "returns"], id="two"),
        pytest.param({"unheard of"}, [], id="a category without FAQs"),
        pytest.param(set(), [], id="an empty set of categories: none"),
    ],
)
def test_only_faqs_of_the_requested_categories_match(categories, expected):
    matches = ReleaseMatrix(RELEASE).match(question(1, 0, 0), limit=10, categories=categories)

    assert [match.faq_id for match in matches] == expected


def test_a_category_with_fewer_faqs_than_the_limit_is_searched_past_closer_ones():
    near = [entry(f"near-{n}", "x", 1, n / 100) for n in range(20)]
    release = ReleaseMatrix([*near, entry("far", "x", -1, 0.5, category="other")])

    assert [m.faq_id for m in release.match(question(1, 0), limit=3, categories={"other"})] == [
        "far"
    ]


def test_an_empty_release_matches_nothing():
    assert ReleaseMatrix([]).match(question(1, 0), limit=3) == []


def test_it_agrees_with_a_plain_loop_on_random_releases():
    rng = np.random.default_rng(11)
    for _ in range(50):
        size = int(rng.integers(1, 60))
        entries = [
            entry(f"faq-{rng.integers(0, 12):02}", f"phrasing {n}", *rng.normal(size=16))
            for n in range(size)
        ]
        vector = question(*rng.normal(size=16))
        best: dict[str, float] = {}
        for one in entries:
            similarity = float(one.vector.astype(np.float64) @ vector.astype(np.float64))
            best[one.faq_id] = max(similarity, best.get(one.faq_id, -2.0))
        ranked = sorted(best.items(), key=lambda item: -item[1])[:5]

        matches = ReleaseMatrix(entries).match(vector, limit=5)

        assert [m.faq_id for m in matches] == [faq_id for faq_id, _ in ranked]
        assert [m.similarity for m in matches] == pytest.approx([s for _, s in ranked], abs=2e-6)


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param([3.0, 4.0], id="too long"),
        pytest.param([0.0, 0.0], id="zero"),
        pytest.param([float("nan"), 1.0], id="not a number"),
    ],
)
def test_a_vector_that_is_not_of_length_one_is_refused(vector):
    odd = Entry("k", "faq", "phrasing", "", np.array(vector, dtype=np.float32))

    with pytest.raises(ValueError, match="length 1"):
        ReleaseMatrix([odd])


def test_vectors_of_two_dimensions_are_refused():
    with pytest.raises(ValueError, match="shape"):
        ReleaseMatrix([entry("a", "a", 1, 0), entry("b", "b", 1, 0, 0)])


def test_a_limit_below_one_is_refused():
    with pytest.raises(ValueError, match="limit"):
        ReleaseMatrix(RELEASE).match(question(1, 0, 0), limit=0)


def test_among_some_only_these_are_compared_and_alike():
    release = ReleaseMatrix(RELEASE)
    whole = release.match(question(3, 1, 0), limit=10)
    some = [match.faq_id for match in whole[1:]]

    assert release.match(question(3, 1, 0), limit=10, among=[*some, "not there"]) == whole[1:]
    assert release.match(question(3, 1, 0), limit=10, among=[]) == []


@pytest.mark.parametrize("phrasing", ["A", "Help", "x"])
def test_one_more_phrasing_gives_the_matrix_of_all_of_them(phrasing):
    added = entry("password", phrasing, 1, 1, 1, category="account")

    extended = ReleaseMatrix(RELEASE).with_phrasing(added.faq_id, phrasing, added.vector)

    built = ReleaseMatrix([*RELEASE, added])
    assert len(extended) == len(built)
    for vector in map(question, (1, 3, 0, 0), (1, 1, 1, 0), (1, 0, 0.1, 1)):
        assert extended.match(vector, limit=3) == built.match(vector, limit=3)
    assert extended.vector_of("password", phrasing).tolist() == added.vector.tolist()
