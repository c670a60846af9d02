"""AGENT_LIMITS as text."""

from __future__ import annotations

import pytest

from assistant.agent.limits import Limits, parse
from assistant.agent.price import parse as parse_price


def test_what_is_not_named_stays_as_it_is():
    assert parse("", runs_at_once=2) == Limits(runs_at_once=2)
    assert parse("seconds=5  tool_calls=0", runs_at_once=3) == Limits(
        seconds=5, tool_calls=0, runs_at_once=3
    )
    assert parse("runs_at_once=1", runs_at_once=3).runs_at_once == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("minutes=5", "names from seconds, requests"),
        ("seconds", "seconds=1 to seconds=50"),
        ("seconds=99", "seconds=1 to seconds=50"),
        ("seconds=-1", "seconds=1 to"),
        ("seconds=1.5", "seconds=1 to"),
        ("seconds=" + "9" * 5_000, "seconds=1 to"),
    ],
    ids=lambda value: value[:20],
)
def test_nonsense_is_refused_with_what_it_must_be(text, message):
    with pytest.raises(ValueError, match=message):
        parse(text, runs_at_once=2)


def test_a_price_is_of_a_million_tokens_each():
    price = parse_price("input=0.15 output=0.6")

    assert price.cost(2_000_000, 500_000) == pytest.approx(0.6)
    assert parse_price("") is None


@pytest.mark.parametrize("text", ["0.15", "input=1", "output=1 input=2", "input=-1 output=2"])
def test_a_price_that_is_none_is_refused_with_the_format(text):
    with pytest.raises(ValueError, match="input=NUMBER output=NUMBER"):
        parse_price(text)
