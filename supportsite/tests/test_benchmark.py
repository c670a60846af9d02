"""`manage.py benchmark`: how fast a running site answers, beside doing it by hand."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from assistant.benchmarking import BARE, BY_HAND, Ratio, Timing, slower, summary

FAST, SLOW = Timing(1.0, 2.0, 3.0, 1000.0), Timing(10.0, 20.0, 30.0, 100.0)


def test_a_timing_is_the_middle_and_the_tail_of_what_was_measured():
    timing = Timing.of(list(range(1, 101)), seconds=2.0)

    assert timing == Timing(median=50.5, p95=96, p99=100, per_second=50.0)


def test_where_nothing_was_answered_there_is_no_timing():
    with pytest.raises(ValueError, match="nothing was answered"):
        Timing.of([], seconds=1.0)


def test_a_ratio_is_taken_round_by_round_so_that_a_slow_minute_slows_both_sides():
    assert Ratio.of([10, 1, 30], [1, 0.1, 2]) == Ratio(10.0, 10.0, 15.0)


def run(distinct: Timing):
    return summary([{BARE: FAST, BY_HAND: SLOW, "distinct, 1 at once": distinct}])


def test_a_release_that_answers_fewer_questions_than_the_last_is_slower():
    before, now = run(FAST), run(Timing(2.0, 3.0, 4.0, 800.0))

    assert slower(before, now, tolerance=0.15) == {"distinct, 1 at once": (10.0, 8.0)}
    assert not slower(before, now, tolerance=0.25)
    assert not slower(now, before, tolerance=0.0)


@pytest.fixture
def site(committed, live_server):
    call_command("ingest", verbosity=0)
    return live_server.url


def benchmark(site, **options):
    call_command("benchmark", url=site, seconds=0.2, rounds=1, connections="1,2", **options)


def test_a_running_site_is_measured_and_its_answers_are_checked(site, capsys, tmp_path):
    kept = tmp_path / "1.0.0.json"

    benchmark(site, check=True, save=kept)

    said = capsys.readouterr().out
    for name in ("bare embedding", "by hand", "distinct, 2 at once", "repeated, 1 at once"):
        assert name in said
    checked, of = said.split("cosine: ")[1].split(" of ")
    assert int(checked) >= 0.99 * int(of)
    results = json.loads(kept.read_text())["results"]
    assert results["distinct, 1 at once"]["per_second"] > 0
    assert results[BY_HAND]["times_by_hand"]["middle"] == 1.0

    results["repeated, 1 at once"]["times_by_hand"]["middle"] *= 1000
    kept.write_text(json.dumps({"version": "1.0.0", "results": results}))
    with pytest.raises(CommandError, match=r"Slower than version 1\.0\.0.* repeated, 1 at once"):
        benchmark(site, compare=kept)


def test_a_site_that_does_not_answer_is_said(committed):
    call_command("ingest", verbosity=0)

    with pytest.raises(CommandError, match=r"did not only answer: \{'ClientConnectorError'"):
        benchmark("http://127.0.0.1:9")
