"""The benchmark of a running site against a naive baseline."""

from __future__ import annotations

import pytest

from benchmarks import ask
from benchmarks.timing import Ratio, Timing
from supportsite.auth.authentication import issue

pytestmark = pytest.mark.slow


def test_a_timing_has_the_middle_and_the_tail():
    timing = Timing.of(list(range(1, 101)), seconds=2.0)

    assert timing == Timing(median=50.5, p95=96, p99=100, per_second=50.0)


def test_no_answer_has_no_timing():
    with pytest.raises(ValueError, match="no answer"):
        Timing.of([], seconds=1.0)


def test_rounds_are_summed_up_by_the_median_of_each_number():
    assert Timing.middle([Timing(1, 9, 3, 4), Timing(2, 8, 4, 5), Timing(3, 7, 5, 9)]) == Timing(
        2, 8, 4, 5
    )


def test_a_ratio_compares_numbers_of_the_same_round():
    assert Ratio.of([10, 1, 30], [1, 0.1, 2]) == Ratio(10.0, 10.0, 15.0)


@pytest.fixture(autouse=True)
def short_warm_up(monkeypatch):
    monkeypatch.setattr(ask, "WARM_UP", 0.1)


QUICK = ("--seconds", "0.2", "--rounds", "1", "--connections", "2")


def test_a_running_site_is_compared_with_a_naive_baseline(
    committed_faqs, live_server, capsys, tmp_path
):
    token = issue("benchmark", ["service"], seconds=600)
    faqs = tmp_path / "faq.csv"
    faqs.write_text("id,question,answer,category\na,Where is it?,There.,a\n")
    capsys.readouterr()

    ask.main(["--url", live_server.url, "--token", token, "--faqs", str(faqs), *QUICK])

    head, naive_baseline, new, repeated = capsys.readouterr().out.splitlines()
    assert head.endswith("times baseline")
    assert naive_baseline.startswith("baseline")
    assert naive_baseline.endswith("1.00 (1.00-1.00)")
    assert new.startswith("new, 2 at once")
    assert repeated.startswith("repeated, 2 at once")


def test_a_site_that_does_not_answer_is_an_error():
    with pytest.raises(SystemExit, match="did not answer every question: .*ClientConnectorError"):
        ask.main(["--url", "http://127.0.0.1:9", "--token", "none", *QUICK])
