"""FAQs near a question by their phrasings and by their answers make one list."""

from __future__ import annotations

from assistant.decision.matches import Match
from assistant.matching.merging import merge


def matches(ids):
    return [Match(faq_id, "", 0.5) for faq_id in ids]


def test_the_first_two_by_phrasing_stay_first_and_each_faq_is_named_once():
    merged = merge(matches("abcd"), matches("xbya"))

    assert "".join(match.faq_id for match in merged) == "abxcdy"


def test_either_may_be_empty():
    assert merge(matches("ab"), []) == matches("ab")
    assert merge([], matches("xy")) == matches("xy")
