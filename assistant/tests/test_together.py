"""What several threads ask for at the same time is done at once; nobody waits for nothing."""

import threading
import time

import pytest

from assistant.together import Together


class Slow:
    """Doubles numbers, one run at a time; keeps what each run was given."""

    def __init__(self, seconds=0.02):
        self.seconds = seconds
        self.runs = []
        self.inside = 0
        self.most_inside = 0

    def __call__(self, numbers):
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.runs.append(list(numbers))
        time.sleep(self.seconds)
        self.inside -= 1
        if -1 in numbers:
            raise ValueError("no -1")
        return [2 * number for number in numbers]


def in_threads(call, items):
    told = {}

    def one(item):
        try:
            told[item] = call(item)
        except ValueError as error:
            told[item] = error

    threads = [threading.Thread(target=one, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    return told


def test_alone_it_runs_at_once_and_alone():
    run = Slow()

    assert Together(run, fits=len)(3) == 6

    assert run.runs == [[3]]


def test_each_gets_its_own_and_one_run_is_open_at_a_time():
    run = Slow()

    told = in_threads(Together(run, fits=len), range(60))

    assert told == {number: 2 * number for number in range(60)}
    assert run.most_inside == 1
    assert sorted(number for numbers in run.runs for number in numbers) == list(range(60))


def test_who_comes_while_another_runs_is_taken_along_in_the_next_run():
    run = Slow(seconds=0.3)

    in_threads(Together(run, fits=len), range(9))

    assert len(run.runs) == 2
    assert len(run.runs[0]) == 1


def test_a_run_takes_no_more_than_fits_in_the_order_they_came():
    run = Slow(seconds=0.1)

    in_threads(Together(run, fits=lambda numbers: min(len(numbers), 3)), range(10))

    assert [len(numbers) for numbers in run.runs] == [1, 3, 3, 3]


def test_nothing_fitting_still_takes_the_first():
    run = Slow()

    told = in_threads(Together(run, fits=lambda numbers: 0), range(5))

    assert told == {number: 2 * number for number in range(5)}


def test_a_run_that_fails_fails_for_those_in_it_and_the_next_goes_on():
    run = Slow()
    together = Together(run, fits=lambda numbers: 1)

    told = in_threads(together, [-1, 1, 2])

    assert isinstance(told.pop(-1), ValueError)
    assert told == {1: 2, 2: 4}
    with pytest.raises(ValueError, match="no -1"):
        together(-1)
    assert together(7) == 14
