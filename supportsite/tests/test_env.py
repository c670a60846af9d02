from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from supportsite import env, secrets


def test_a_variable_that_is_set_but_empty_counts_as_unset(monkeypatch):
    monkeypatch.setenv("X", "  ")

    assert env.text("X", "default") == "default"
    assert env.fraction("X", 0.5) == 0.5
    assert env.flag("X", True) is True
    assert env.comma_separated("X", ["a"]) == ["a"]


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
        pytest.param(lambda: env.integer("X", 1, minimum=1, maximum=9), "10", id="too large"),
        pytest.param(lambda: env.integer("X", 1, minimum=1, maximum=9), "1.5", id="not whole"),
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


def test_any_variable_may_be_given_as_a_file(monkeypatch, tmp_path):
    (tmp_path / "x").write_text(" 0.5\n")
    monkeypatch.setenv("X_FILE", str(tmp_path / "x"))

    assert env.text("X") == "0.5"
    assert env.fraction("X", 0.1) == 0.5
    assert secrets.read("X", tmp_path) == "0.5"


def test_the_variable_itself_beats_its_file(monkeypatch, tmp_path):
    (tmp_path / "x").write_text("of the file")
    monkeypatch.setenv("X_FILE", str(tmp_path / "x"))
    monkeypatch.setenv("X", "of the variable")

    assert env.text("X") == "of the variable"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(None, "No such file", id="a file that is not there"),
        pytest.param(b"\xff\xfe\x00", "not a text", id="a file that is no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(monkeypatch, tmp_path, content, why):
    if content is not None:
        (tmp_path / "x").write_bytes(content)
    monkeypatch.setenv("X_FILE", str(tmp_path / "x"))

    with pytest.raises(ImproperlyConfigured, match=rf"^X_FILE must name a readable file.*{why}"):
        env.text("X")
