"""A question asked again is compared once: with the same release, for the same people."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.interfaces import Entry
from assistant.loaded import LoadedRelease
from assistant.matching import ReleaseMatrix
from assistant.recent import Recent
from faq.content import Content

EAST, NORTH = np.eye(2, dtype=np.float32)
CONTENTS = {
    "east": Content("east", "Where is east?", "There.", category="ways"),
    "north": Content("north", "Where is north?", "Up.", category="ways", audience="staff"),
}


class Counting(ReleaseMatrix):
    compared = 0

    def match(self, *args, **options):
        self.compared += 1
        return super().match(*args, **options)


@pytest.fixture
def release():
    entries = [
        Entry("1", "east", "Where is east?", "ways", EAST),
        Entry("2", "north", "Where is north?", "ways", NORTH, audience="staff"),
    ]
    return LoadedRelease(1, 1, CONTENTS, Counting(entries))


def ids(release, text="which way", vector=EAST, **options):
    return [match.faq_id for match in release.find(text, vector, limit=10, **options)]


def test_the_same_question_is_compared_once(release):
    assert ids(release) == ids(release) == ["east", "north"]
    assert release.matrix.compared == 1


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param({"vector": NORTH}, ["north", "east"], id="another question"),
        pytest.param({"audiences": frozenset()}, ["east"], id="other people"),
        pytest.param({"audiences": {"staff"}}, ["east", "north"], id="members of an audience"),
        pytest.param({"category": "none"}, [], id="another category"),
    ],
)
def test_what_was_found_is_no_answer_to(release, other, expected):
    ids(release)

    assert ids(release, **other) == expected
    assert release.matrix.compared == 2


def test_a_phrasing_is_recognised_whoever_asked_with_its_vector_before(release):
    release.find("which way", EAST, limit=10)

    exact = [match.exact for match in release.find("where is EAST", EAST, limit=10)]

    assert exact == [True, False]


def test_the_one_unused_for_longest_makes_room():
    recent = Recent(most=2)
    recent.keep("a", 1)
    recent.keep("b", 2)
    recent.get("a")
    recent.keep("c", 3)

    assert [recent.get(key) for key in "abc"] == [1, None, 3]
    assert len(recent) == 2
