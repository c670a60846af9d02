"""The circuit breaker: open after failures in a row, half-open after a rest."""

from __future__ import annotations

import pytest

from tickets.delivery.circuit_breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(failures=2, rest_seconds=30, clock=clock)


def fail(breaker, times):
    for _ in range(times):
        assert breaker.allows_request()
        breaker.failed()


def test_it_opens_after_failures_in_a_row(breaker):
    fail(breaker, 1)
    breaker.succeeded()
    fail(breaker, 1)
    assert breaker.allows_request()

    breaker.failed()
    assert not breaker.allows_request()
    assert breaker.is_open


def test_after_its_rest_one_may_try(breaker, clock):
    fail(breaker, 2)

    clock.now = 29.9
    assert not breaker.allows_request()
    clock.now = 30.0
    assert [breaker.allows_request(), breaker.allows_request()] == [True, False]


def test_the_one_that_tries_closes_it_or_opens_it_again(breaker, clock):
    fail(breaker, 2)
    clock.now = 30.0
    fail(breaker, 1)
    assert not breaker.allows_request()

    clock.now = 60.0
    assert breaker.allows_request()
    breaker.succeeded()
    assert [breaker.allows_request(), breaker.allows_request()] == [True, True]


def test_one_that_comes_to_no_end_leaves_its_place_to_the_next(breaker, clock):
    fail(breaker, 2)
    clock.now = 30.0
    assert breaker.allows_request()

    breaker.abandoned()

    assert [breaker.allows_request(), breaker.allows_request()] == [True, False]
