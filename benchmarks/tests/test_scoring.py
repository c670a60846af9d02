"""Precision and recall of a finder of personal data on labelled texts."""

from __future__ import annotations

import json

import pytest

from audit.privacy.patterns import Kind, Span
from benchmarks import redaction
from benchmarks.scoring import BadCase, Case, Score, of_length, read_cases, score

TEXT = "0123456789"


def finder(*spans: Span):
    return lambda text: list(spans)


def case(*spans: Span, suite: str = "pos", neutral: tuple = ()) -> Case:
    return Case(TEXT, spans, neutral, suite)


@pytest.mark.parametrize(
    ("labels", "spans", "expected"),
    [
        pytest.param([(0, 5)], [(0, 5)], Score(1, 0, 0), id="as it is"),
        pytest.param([(0, 5)], [(4, 9)], Score(1, 0, 0), id="overlapping"),
        pytest.param([(0, 5)], [(5, 9)], Score(0, 1, 1), id="beside it"),
        pytest.param([(0, 5)], [], Score(0, 0, 1), id="not at all"),
        pytest.param([], [(0, 5)], Score(0, 1, 0), id="where there is none"),
    ],
)
def test_data_is_detected_if_a_span_of_its_kind_overlaps_it(labels, spans, expected):
    labelled = [Span(*bounds, Kind.PHONE) for bounds in labels]

    scores = score([case(*labelled)], finder(*(Span(*bounds, Kind.PHONE) for bounds in spans)))

    assert scores.of([Kind.PHONE]) == expected


def test_a_wrong_kind_counts_against_both_kinds():
    scores = score([case(Span(0, 5, Kind.CARD))], finder(Span(0, 5, Kind.PHONE)))

    assert scores.of([Kind.CARD]) == Score(missed=1)
    assert scores.of([Kind.PHONE]) == Score(wrong=1)


def test_a_neutral_span_counts_neither_way():
    cases = [case(suite="neg", neutral=((0, 5),)), case(suite="neg")]

    scores = score(cases, finder(Span(2, 4, Kind.IP)))

    assert scores.of(Kind) == Score(wrong=1)
    assert (scores.negatives["neg"], scores.changed["neg"]) == (2, 1)


def test_precision_recall_and_f1():
    measured = Score(right=3, wrong=1, missed=2)

    assert (measured.precision, measured.recall) == (0.75, 0.6)
    assert measured.f1 == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
    assert (Score().precision, Score().recall, Score().f1) == (1.0, 1.0, 0.0)


def test_texts_are_joined_to_a_length():
    assert of_length(["abc", "defg", "h"], 8) == ["abc. def"]


@pytest.mark.parametrize("line", ["nothing", "[]", '{"text": "a"}', '{"text":"a","spans":[{}]}'])
def test_a_line_that_is_not_a_case_is_an_error_with_its_number(line):
    with pytest.raises(BadCase, match="line 2"):
        read_cases(['{"text": "a", "spans": []}', line])


def test_the_report_has_each_kind_and_the_times(tmp_path, capsys):
    text = "write to jo@example.com or 0301 2345678, " + "please " * 80
    spans = [
        {"entity": "EMAIL", "start": 9, "end": 23},
        {"entity": "PHONE", "start": 27, "end": 39},
    ]
    plain = {"text": "nothing here " * 60, "spans": [], "kind": "neg"}
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(map(json.dumps, [{"text": text, "spans": spans}, plain])))

    redaction.main([str(file)])

    report = capsys.readouterr().out
    assert "core four          1.000    1.000    1.000       2" in report
    assert "neg: 0 of 1 changed (0.0%)" in report
    assert report.count("ms (median)") == 2


def test_a_missing_file_or_library_is_an_error(tmp_path):
    with pytest.raises(SystemExit, match="No such file"):
        redaction.main([str(tmp_path / "none")])
    (tmp_path / "cases").write_text('{"text": "a", "spans": []}')
    with pytest.raises(SystemExit, match="Presidio is not installed"):
        redaction.main([str(tmp_path / "cases"), "--presidio", "blank:en"])
