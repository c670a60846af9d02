"""A finder of personal data is measured on labelled texts."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from audit.personal_data import Kind, Span
from audit.scoring import BadCase, Case, Score, of_length, read_cases, score

TEXT = "0123456789"


def finding(*spans: Span):
    return lambda text: list(spans)


def case(*spans: Span, suite: str = "pos", neutral: tuple = ()) -> Case:
    return Case(TEXT, spans, neutral, suite)


@pytest.mark.parametrize(
    ("there", "found", "told"),
    [
        pytest.param([(0, 5)], [(0, 5)], Score(1, 0, 0), id="as it is"),
        pytest.param([(0, 5)], [(4, 9)], Score(1, 0, 0), id="overlapping"),
        pytest.param([(0, 5)], [(5, 9)], Score(0, 1, 1), id="beside it"),
        pytest.param([(0, 5)], [], Score(0, 0, 1), id="not at all"),
        pytest.param([], [(0, 5)], Score(0, 1, 0), id="where there is none"),
    ],
)
def test_a_datum_is_found_if_something_of_its_kind_overlaps_it(there, found, told):
    spans = [Span(*each, Kind.PHONE) for each in there]

    scores = score([case(*spans)], finding(*(Span(*each, Kind.PHONE) for each in found)))

    assert scores.of([Kind.PHONE]) == told


def test_another_kind_is_a_mistake_of_both():
    scores = score([case(Span(0, 5, Kind.CARD))], finding(Span(0, 5, Kind.PHONE)))

    assert scores.of([Kind.CARD]) == Score(missed=1)
    assert scores.of([Kind.PHONE]) == Score(wrong=1)


def test_what_is_neutral_counts_neither_way_and_touches_nothing():
    cases = [case(suite="neg", neutral=((0, 5),)), case(suite="neg")]

    scores = score(cases, finding(Span(2, 4, Kind.IP)))

    assert scores.of(Kind) == Score(wrong=1)
    assert (scores.there["neg"], scores.touched["neg"]) == (2, 1)


def test_precision_recall_and_f1():
    told = Score(right=3, wrong=1, missed=2)

    assert (told.precision, told.recall) == (0.75, 0.6)
    assert told.f1 == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
    assert (Score().precision, Score().recall, Score().f1) == (1.0, 1.0, 0.0)


def test_texts_are_joined_to_a_length():
    assert of_length(["abc", "defg", "h"], 8) == ["abc. def"]


@pytest.mark.parametrize("line", ["nothing", "[]", '{"text": "a"}', '{"text":"a","spans":[{}]}'])
def test_a_line_that_is_no_case_is_named(line):
    with pytest.raises(BadCase, match="line 2"):
        read_cases(['{"text": "a", "spans": []}', line])


def test_the_command_tells_each_kind_and_the_times(tmp_path):
    text = "write to jo@example.com or 0301 2345678, " + "please " * 80
    spans = [
        {"entity": "EMAIL", "start": 9, "end": 23},
        {"entity": "PHONE", "start": 27, "end": 39},
    ]
    plain = {"text": "nothing here " * 60, "spans": [], "kind": "neg"}
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(map(json.dumps, [{"text": text, "spans": spans}, plain])))
    said = StringIO()

    call_command("benchmark_redaction", str(file), stdout=said)

    told = said.getvalue()
    assert "core four          1.000    1.000    1.000       2" in told
    assert "neg: 0 of 1 touched (0.0%)" in told
    assert told.count("ms (median)") == 2


def test_the_command_says_what_is_missing(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("benchmark_redaction", str(tmp_path / "none"))
    (tmp_path / "cases").write_text('{"text": "a", "spans": []}')
    with pytest.raises(CommandError, match="Presidio is not installed"):
        call_command("benchmark_redaction", str(tmp_path / "cases"), "--presidio", "blank:en")
