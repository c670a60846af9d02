from __future__ import annotations

import pytest

from audit.identity.principal import Role
from supportsite.throttling.rates import parse, parse_by_role


@pytest.mark.parametrize("text", ["60/min", "5/s", "9/h", "1000/day"])
def test_a_rate_is_written_as_djangos_rest_framework_reads_it(text):
    assert parse(text) == text


def test_off_is_no_limit():
    assert parse("off") is None


@pytest.mark.parametrize(
    "text", ["", "60", "0/min", "-1/s", "60/year", "1.5/s", "60 / min", "off "]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="like 60/min"):
        parse(text)


def test_rates_by_role():
    assert parse_by_role("customer=6/min service=off", list(Role)) == {
        "customer": "6/min",
        "service": None,
    }
    assert parse_by_role("off", list(Role)) == {}
    with pytest.raises(ValueError, match="of customer, support"):
        parse_by_role("root=6/min", list(Role))
