from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from supportsite import env


def test_a_variable_that_is_set_but_empty_counts_as_unset(monkeypatch):
    monkeypatch.setenv("X", "  ")

    assert env.text("X", "default") == "default"
    assert env.fraction("X", 0.5) == 0.5
    assert env.flag("X", True) is True
    assert env.listing("X", ["a"]) == ["a"]


@pytest.mark.parametrize(
    ("value", "meant"),
    [("1", True), ("True", True), ("on", True), ("0", False), ("NO", False), ("off", False)],
)
def test_flags_are_read_in_the_usual_words(monkeypatch, value, meant):
    monkeypatch.setenv("X", value)

    assert env.flag("X", not meant) is meant


@pytest.mark.parametrize(
    ("read", "value"),
    [
        pytest.param(lambda: env.flag("X", False), "maybe", id="a flag that is no flag"),
        pytest.param(lambda: env.fraction("X", 0.5), "nan", id="a threshold of nan"),
        pytest.param(lambda: env.fraction("X", 0.5), "1.01", id="a threshold above 1"),
        pytest.param(lambda: env.fraction("X", 0.5), "high", id="a threshold in words"),
        pytest.param(lambda: env.integer("X", 1, least=1, most=9), "10", id="too large"),
        pytest.param(lambda: env.integer("X", 1, least=1, most=9), "1.5", id="not whole"),
    ],
)
def test_nonsense_is_refused_by_name(monkeypatch, read, value):
    monkeypatch.setenv("X", value)

    with pytest.raises(ImproperlyConfigured, match="^X must be"):
        read()


def test_the_ends_of_a_fraction_are_allowed(monkeypatch):
    monkeypatch.setenv("X", "0")
    assert env.fraction("X", 0.5) == 0.0

    monkeypatch.setenv("X", "1")
    assert env.fraction("X", 0.5) == 1.0
