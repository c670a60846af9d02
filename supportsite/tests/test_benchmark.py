"""`manage.py benchmark`: how fast a running site answers, beside doing it by hand."""

from __future__ import annotations

import json
import os

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from assistant.benchmarking import BY_HAND, Ratio, Timing


def test_a_timing_is_the_middle_and_the_tail_of_what_was_measured():
    timing = Timing.of(list(range(1, 101)), seconds=2.0)

    assert timing == Timing(median=50.5, p95=96, p99=100, per_second=50.0)


def test_where_nothing_was_answered_there_is_no_timing():
    with pytest.raises(ValueError, match="nothing was answered"):
        Timing.of([], seconds=1.0)


def test_a_ratio_is_taken_round_by_round_so_that_a_slow_minute_slows_both_sides():
    assert Ratio.of([10, 1, 30], [1, 0.1, 2]) == Ratio(10.0, 10.0, 15.0)


@pytest.fixture
def site(committed, live_server):
    call_command("ingest", verbosity=0)
    return live_server.url


def benchmark(site, **options):
    call_command("benchmark", url=site, seconds=0.2, rounds=1, connections="1,2", **options)


def test_a_running_site_is_measured_checked_kept_and_compared(site, capsys, tmp_path):
    benchmark(site, exact=True, save=True, kept=tmp_path, note="a test")

    said = capsys.readouterr().out
    for name in ("bare embedding", "by hand", "distinct, 2 at once", "repeated, 1 at once"):
        assert name in said
    checked, of = said.split("cosine: ")[1].split(" of ")
    assert int(checked) >= 0.99 * int(of.split()[0])
    assert "Nothing is kept to compare it with." in said
    (file,) = tmp_path.iterdir()
    assert file.stem == settings.SPECTACULAR_SETTINGS["VERSION"]
    (run,) = json.loads(file.read_text())["runs"]
    assert (run["faqs"], run["note"], run["machine"]["cores"]) == (45, "a test", os.cpu_count())
    results = run["results"]
    assert results["distinct, 1 at once"]["per_second"] > 0
    assert results[BY_HAND]["times_by_hand"]["middle"] == 1.0

    for end in ("middle", "least", "most"):
        results["repeated, 1 at once"]["times_by_hand"][end] *= 1000
    file.write_text(json.dumps({"runs": [{**run, "version": "0.9.0"}]}))
    with pytest.raises(CommandError, match=r"Slower than 0\.9\.0: .*repeated, 1 at once: answers"):
        benchmark(site, check=True, kept=tmp_path)
    assert "Beside version 0.9.0 (" in capsys.readouterr().out


def test_what_is_kept_and_cannot_be_read_is_named(site, tmp_path):
    (tmp_path / "1.0.0.json").write_text("{}")

    with pytest.raises(CommandError, match=r"1\.0\.0\.json is no file of benchmarks"):
        benchmark(site, kept=tmp_path)


def test_a_site_that_does_not_answer_is_said(committed):
    call_command("ingest", verbosity=0)

    with pytest.raises(CommandError, match=r"did not only answer: \{'ClientConnectorError'"):
        benchmark("http://127.0.0.1:9")
