"""Which asks are one need, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.outcomes.desk.charts import Span, line_chart, sparkline, stacked_bars
from assistant.outcomes.needs import Ask, End, Ticket, grouped, needs
from assistant.outcomes.rates import Ends, Rate

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def ask(ask_id="a", after=timedelta(), outcome="answered", **fields):
    return Ask(ask_id, START + after, outcome, **fields)


def rated(helpful, after=MINUTE, **fields):
    return ask(helpful=helpful, rated=START + after, **fields)


def ids(asks):
    return ["".join(ask.ask_id for ask in group) for group in grouped(asks)]


@pytest.mark.parametrize(
    ("asks", "expected"),
    [
        pytest.param([ask("a"), ask("b", 29 * MINUTE)], ["ab"], id="29 minutes apart"),
        pytest.param([ask("a"), ask("b", 30 * MINUTE)], ["a", "b"], id="30 minutes apart"),
        pytest.param(
            [ask("c", 50 * MINUTE), ask("a"), ask("b", 25 * MINUTE)],
            ["abc"],
            id="each close to the one before, in any order",
        ),
        pytest.param(
            [ask("a", conversation="x"), ask("b", 6 * DAY, conversation="x")],
            ["ab"],
            id="one conversation, days apart",
        ),
        pytest.param(
            [ask("a", conversation="x"), ask("b", 7 * DAY, conversation="x")],
            ["a", "b"],
            id="one conversation, after the need was closed",
        ),
        pytest.param(
            [
                ask("a", conversation="x"),
                ask("b", DAY, conversation="y"),
                ask("c", 2 * DAY, conversation="x"),
                ask("d", 2 * DAY + MINUTE, conversation="y"),
            ],
            ["abcd"],
            id="two conversations that meet",
        ),
        pytest.param(
            [ask("a", conversation="x"), ask("b", DAY, conversation="y")],
            ["a", "b"],
            id="two conversations",
        ),
    ],
)
def test_asks_of_one_need(asks, expected):
    assert ids(asks) == expected


@pytest.mark.parametrize(
    ("asks", "tickets", "end"),
    [
        pytest.param([ask()], [], End.CONTAINED, id="answered, nothing after"),
        pytest.param([ask()], [Ticket(START + 6 * DAY)], End.ESCALATED, id="ticket on day 6"),
        pytest.param([ask()], [Ticket(START + 8 * DAY)], End.CONTAINED, id="ticket on day 8"),
        pytest.param([ask()], [Ticket(START - DAY)], End.CONTAINED, id="ticket of the day before"),
        pytest.param(
            [ask()],
            [Ticket(START + DAY, "a", is_own=False)],
            End.ESCALATED,
            id="support opened the ticket of this ask",
        ),
        pytest.param(
            [ask()],
            [Ticket(START + DAY, "z", is_own=False)],
            End.CONTAINED,
            id="a ticket of another ask and person",
        ),
        pytest.param([rated(True)], [Ticket(START + DAY)], End.ESCALATED, id="helpful, but ticket"),
        pytest.param([rated(False)], [], End.REJECTED, id="unhelpful"),
        pytest.param([rated(False, 8 * DAY)], [], End.CONTAINED, id="unhelpful after the window"),
        pytest.param(
            [
                ask("a", outcome="clarify"),
                ask("b", MINUTE, "unanswered", reason="none_of_these"),
                ask("c", 2 * MINUTE),
            ],
            [],
            End.REJECTED,
            id="none of these, answered later",
        ),
        pytest.param([ask(outcome="clarify")], [], End.ABANDONED, id="left without a choice"),
        pytest.param([ask(), ask("b", MINUTE, "unanswered")], [], End.ABANDONED, id="not answered"),
        pytest.param([ask(outcome="unanswered"), ask("b", MINUTE)], [], End.CONTAINED, id="later"),
        pytest.param([rated(True)], [], End.CONFIRMED, id="helpful"),
        pytest.param(
            [ask(outcome="clarify"), ask("b", MINUTE, reason="chosen")],
            [],
            End.CONFIRMED,
            id="an option picked and nothing after",
        ),
        pytest.param(
            [ask(reason="chosen"), ask("b", MINUTE)], [], End.CONTAINED, id="picked, asked again"
        ),
        pytest.param(
            [rated(True), ask("b", MINUTE, "unanswered")],
            [],
            End.ABANDONED,
            id="helpful, but the last question was not answered",
        ),
    ],
)
def test_the_end_of_a_need(asks, tickets, end):
    (need,) = needs(asks, tickets)

    assert need.end is end


def test_the_ticket_that_names_the_ask_gives_the_reason():
    tickets = [
        Ticket(START + MINUTE, "", "requested"),
        Ticket(START + DAY, "a", "unhelpful"),
    ]

    (need,) = needs([ask()], tickets)

    assert need.escalation == "unhelpful"


def test_a_rate_needs_twenty_and_has_an_interval_under_four_hundred():
    assert (Rate(19, 19).value, Rate(19, 19).text) == (None, "–")
    assert Rate(10, 20).interval == pytest.approx((0.299, 0.701), abs=0.001)
    assert Rate(200, 399).interval is not None
    assert (Rate(200, 400).value, Rate(200, 400).interval) == (0.5, None)


def test_open_needs_and_visitors_are_in_no_rate():
    ends = Ends({"contained": 20, "abandoned": 20}, {"abandoned": 20}, 99, {"contained": 50})

    assert ends.total == 139
    assert (ends.rates["resolution"].count, ends.rates["resolution"].total) == (20, 40)
    assert (ends.rates["deflection"].count, ends.rates["deflection"].total) == (0, 20)
    assert ends.rates["abandonment"].value == 0.5


def test_a_chart_stacks_its_days_and_marks_its_releases():
    days = [START.date(), START.date() + DAY]
    bars = stacked_bars(days, {days[0]: {"open": 3, "confirmed": 1}}, ("confirmed", "open")).bars
    chart = line_chart(days, {days[0]: 0.5}, [Span(days[1], days[1], None, "Release 2")])

    assert [(bar.kind, bar.y, bar.height) for bar in bars] == [
        ("confirmed", "135.0", "45.0"),
        ("open", "0.0", "135.0"),
    ]
    assert (chart.levels, chart.marks[0].at, chart.dots[0][1]) == ((), "360.0", "90.0")
    assert sparkline([0, 2, 1]) == "0.0,31.0 80.0,1.0 160.0,16.0"
