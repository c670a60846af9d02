from __future__ import annotations

import pytest

from audit.principal import Role
from supportsite.rates import Rate, parse, parse_by_role


def test_a_burst_passes_and_then_one_at_a_time():
    rate, made_up_at, passed = Rate(5, 10.0), 0.0, []

    for tenth in range(100):
        made_up_at, wait = rate.admit(made_up_at, 1000.0 + tenth / 10)
        if not wait:
            passed.append(tenth)

    assert passed == [0, 1, 2, 3, 4, 20, 40, 60, 80]


def test_the_wait_is_exact_and_waiting_is_not_counted():
    rate, made_up_at = Rate(1, 60.0), 0.0
    made_up_at, _ = rate.admit(made_up_at, 100.0)

    for _ in range(5):
        made_up_at, wait = rate.admit(made_up_at, 130.0)

        assert wait == pytest.approx(30.0)
    assert rate.admit(made_up_at, 160.0)[1] == 0.0


def test_a_clock_that_was_set_back_locks_nobody_out_for_longer_than_the_rate_does():
    made_up_at, _ = Rate(1, 60.0).admit(0.0, 1e9)

    assert Rate(1, 60.0).admit(made_up_at, 100.0)[1] <= 60.0


@pytest.mark.parametrize(
    ("text", "rate"),
    [("60/min", Rate(60, 60.0)), ("5/s", Rate(5, 1.0)), ("9/h", Rate(9, 3600.0)), ("off", None)],
)
def test_a_rate_reads_as_it_is_written(text, rate):
    assert parse(text) == rate
    assert rate is None or str(rate) == text


@pytest.mark.parametrize("text", ["", "60", "0/min", "-1/s", "60/day", "1.5/s", "60 / min", "off "])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="like 60/min"):
        parse(text)


def test_rates_by_role():
    assert dict(parse_by_role("customer=6/min service=off", list(Role))) == {
        "customer": Rate(6, 60.0),
        "service": None,
    }
    assert parse_by_role("off", list(Role)) == ()
    with pytest.raises(ValueError, match="of customer, support"):
        parse_by_role("root=6/min", list(Role))
