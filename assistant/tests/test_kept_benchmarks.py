"""Results of each version of the software are kept, and a later one that is slower is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from assistant.benchmarking import BARE, BY_HAND, Timing, summary
from assistant.kept_benchmarks import TAIL, TIMES, Run, before, compared, keep, kept, this_machine

HERE = {"cpu": "Xeon", "cores": 2}
ELSEWHERE = {"cpu": "Ryzen", "cores": 8}
HAND = Timing(median=10.0, p95=12.0, p99=15.0, per_second=100.0)


def run(*rounds: Timing, version="1.0.0", machine=HERE, faqs=45, at="2026-11-01") -> Run:
    measured = [{BARE: HAND, BY_HAND: HAND, "distinct": each} for each in rounds or [HAND]]
    return Run(version, at, machine, faqs, summary(measured), settings={"rounds": len(measured)})


def answers(per_second: float, p95: float = 20.0) -> Timing:
    return Timing(median=5.0, p95=p95, p99=30.0, per_second=per_second)


def slower(then: Run, now: Run) -> list[str]:
    return [each.of for each in compared(then, now) if each.is_slower]


def test_a_ratio_is_given_with_its_spread_then_and_now():
    then, now = run(answers(200), answers(180), answers(220)), run(answers(300))

    line = str(compared(then, now)[0])

    assert line == (
        "distinct: answers a second, times by hand, 3.00 (3.00-3.00), was 2.00 (1.80-2.20)"
    )


@pytest.mark.parametrize(
    ("now", "told"),
    [
        pytest.param([answers(170), answers(165)], [TIMES], id="every round below the spread"),
        pytest.param([answers(170), answers(190)], [], id="one round within the spread"),
        pytest.param([answers(175), answers(176)], [], id="below it by less than is noticed"),
        pytest.param([answers(400)], [], id="faster"),
        pytest.param([answers(200, p95=30)], [TAIL], id="as many answers, but a longer tail"),
        pytest.param([answers(100, p95=10)], [TIMES], id="a shorter tail, but fewer answers"),
    ],
)
def test_slower_is_what_is_worse_by_more_than_the_spread(now, told):
    then = run(answers(200), answers(180), answers(220))

    assert slower(then, run(*now)) == told


def test_a_slower_machine_is_no_slower_software():
    then = run(answers(200))
    hand = Timing(median=20.0, p95=24.0, p99=30.0, per_second=50.0)
    measured = {BARE: hand, BY_HAND: hand, "distinct": answers(100, p95=40)}

    assert slower(then, replace(then, results=summary([measured]))) == []


def test_what_only_one_of_them_measured_is_not_compared():
    then, now = run(), run()
    del then.results["distinct"][TAIL]

    assert [each.of for each in compared(then, now)] == [TIMES]
    assert compared(replace(then, results={}), now) == []


def version_of(found: Run | None) -> str | None:
    return found and found.version


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param([], None, id="nothing is kept"),
        pytest.param([run(version="1.9.0"), run(version="1.10.0")], "1.10.0", id="the newest"),
        pytest.param(
            [run(version="3.0.0"), run(version="1.0.0")], "1.0.0", id="none that is later"
        ),
        pytest.param(
            [run(version="1.0.0"), run(version="1.1.0", machine=ELSEWHERE)],
            "1.0.0",
            id="of this kind of machine rather than newer",
        ),
        pytest.param([run(machine=ELSEWHERE)], "1.0.0", id="of another if there is no other"),
        pytest.param([run(faqs=2_000)], None, id="none of another size"),
        pytest.param([run(faqs=50)], "1.0.0", id="an FAQ more is no other size"),
    ],
)
def test_a_run_is_compared_with_the_newest_that_is_like_it(there, expected):
    assert version_of(before(there, run(version="2.0.0"), older=True)) == expected


def test_a_run_to_be_kept_is_not_compared_with_its_own_version():
    there, now = [run(version="1.0.0"), run(version="1.1.0")], run(version="1.1.0")

    assert version_of(before(there, now, older=True)) == "1.0.0"
    assert version_of(before(there, now, older=False)) == "1.1.0"


def test_what_is_kept_is_read_again_as_it_was(tmp_path):
    mine, theirs = run(answers(200)), run(answers(300), machine=ELSEWHERE)

    file = keep(tmp_path / "benchmarks", mine)
    keep(tmp_path / "benchmarks", theirs)

    assert file.name == "1.0.0.json"
    assert kept(file.parent) == [mine, theirs]


def test_a_run_takes_the_place_of_the_one_of_its_kind_and_size_and_of_no_other(tmp_path):
    large, other, newer = run(faqs=2_000), run(machine=ELSEWHERE), run(faqs=46, at="2026-11-02")
    for each in (run(), large, other, newer):
        keep(tmp_path, each)

    found = kept(tmp_path)

    assert len(found) == 3
    assert all(each in found for each in (large, other, newer))


@pytest.mark.parametrize("text", ["", "[]", '{"runs": [{"version": "1.0.0"}]}'])
def test_a_damaged_file_is_named_and_not_written_over(text, tmp_path):
    (tmp_path / "1.0.0.json").write_text(text)

    for attempt in (lambda: kept(tmp_path), lambda: keep(tmp_path, run())):
        with pytest.raises(ValueError, match=r"1\.0\.0\.json is no file of benchmarks"):
            attempt()
    assert (tmp_path / "1.0.0.json").read_text() == text


def test_a_machine_is_described_by_what_the_ratios_may_depend_on():
    found = this_machine()

    assert found["cpu"]
    assert found["cores"] >= 1
    assert found["sentence-transformers"]


def test_the_files_that_come_with_it_can_be_read_and_are_small():
    folder = Path(settings.BASE_DIR) / "data" / "benchmarks"

    assert {each.version for each in kept(folder)} >= {settings.SPECTACULAR_SETTINGS["VERSION"]}
    assert all(file.stat().st_size < 20_000 for file in folder.iterdir())
