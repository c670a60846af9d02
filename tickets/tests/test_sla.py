"""When a ticket is due: business hours, weekends, holidays, and days with a clock change."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tickets.sla import Calendar, shifts, target, zone

OFFICE = "mon-fri 09:00-17:00"
ALWAYS = "mon-sun 00:00-24:00"
NIGHT = "mon-sun 00:00-06:00"
BERLIN = "Europe/Berlin"
CHRISTMAS = date(2026, 12, 25)


def calendar(hours=OFFICE, where="UTC", holidays=()):
    return Calendar(shifts(hours), zone(where), frozenset(holidays))


def at(text, where="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(where))


# Berlin's clocks go forward on Sunday 29 March 2026 at 2, and back on Sunday 25 October at 3.
CASES = {
    "within one day": (calendar(), at("2026-11-23T10:00"), 4, at("2026-11-23T14:00")),
    "to the very end of a day": (calendar(), at("2026-11-23T13:00"), 4, at("2026-11-23T17:00")),
    "over a night": (calendar(), at("2026-11-23T15:00"), 4, at("2026-11-24T11:00")),
    "before the desk opens": (calendar(), at("2026-11-23T03:00"), 2, at("2026-11-23T11:00")),
    "over a weekend": (calendar(), at("2026-11-20T16:00"), 2, at("2026-11-23T10:00")),
    "opened on a Saturday": (calendar(), at("2026-11-21T12:00"), 2, at("2026-11-23T11:00")),
    "over a holiday": (
        *(calendar(holidays=[CHRISTMAS]), at("2026-12-24T16:00")),
        *(2, at("2026-12-28T10:00")),
    ),
    "over a lunch break": (
        *(calendar("mon-fri 09:00-12:00, mon-fri 13:00-17:00"), at("2026-11-23T11:00")),
        *(2, at("2026-11-23T14:00")),
    ),
    "in the desk's own time zone": (
        *(calendar(where="Asia/Karachi"), at("2026-11-23T11:30")),
        *(1, at("2026-11-24T09:30", "Asia/Karachi")),
    ),
    "over a weekend on which clocks go forward": (
        *(calendar(where=BERLIN), at("2026-03-27T16:00", BERLIN)),
        *(2, at("2026-03-30T10:00", BERLIN)),
    ),
    "over a weekend on which clocks go back": (
        *(calendar(where=BERLIN), at("2026-10-23T16:00", BERLIN)),
        *(2, at("2026-10-26T10:00", BERLIN)),
    ),
    "a night that loses an hour": (
        *(calendar(NIGHT, BERLIN), at("2026-03-29T00:00", BERLIN)),
        *(4, at("2026-03-29T05:00", BERLIN)),
    ),
    "a night that gains an hour": (
        *(calendar(NIGHT, BERLIN), at("2026-10-25T00:00", BERLIN)),
        *(4, at("2026-10-25T03:00", BERLIN)),
    ),
    "a day of 23 hours": (
        *(calendar(ALWAYS, BERLIN), at("2026-03-29T00:00", BERLIN)),
        *(23, at("2026-03-30T00:00", BERLIN)),
    ),
}


@pytest.mark.parametrize(("desk", "opened", "hours", "due"), CASES.values(), ids=CASES)
def test_it_is_due_when_so_many_business_hours_have_passed(desk, opened, hours, due):
    assert desk.add(opened, timedelta(hours=hours)) == due


@pytest.mark.parametrize(("desk", "opened", "hours", "due"), CASES.values(), ids=CASES)
def test_between_opening_and_due_lie_just_so_many_business_hours(desk, opened, hours, due):
    assert desk.between(opened, due) == timedelta(hours=hours)


def test_no_business_time_passes_on_a_weekend_or_backwards():
    assert calendar().between(at("2026-11-21T00:00"), at("2026-11-22T23:00")) == timedelta()
    assert calendar().between(at("2026-11-24T12:00"), at("2026-11-23T12:00")) == timedelta()


def test_a_shift_in_the_hour_that_clocks_skip_does_not_happen():
    desk = calendar("mon-sun 02:00-03:00", BERLIN)

    assert desk.add(at("2026-03-28T02:30", BERLIN), timedelta(hours=1)) == at(
        "2026-03-30T02:30", BERLIN
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "like mon-fri 09:00-17:00"),
        ("weekdays", "like mon-fri 09:00-17:00"),
        ("mon-fri 17:00-09:00", "an opening before its closing"),
        ("mon-fri 9:00-17:00", "times like 09:00-17:00"),
        ("mon-xyz 09:00-17:00", "days of mon"),
        ("mon 09:00-13:00, mon 12:00-17:00", "do not overlap"),
    ],
)
def test_wrong_hours_are_refused(text, says):
    with pytest.raises(ValueError, match=says):
        shifts(text)


def test_a_week_may_run_over_its_end():
    assert sorted(shifts("sat-mon 10:00-12:00")) == [0, 5, 6]


@pytest.mark.parametrize(
    ("text", "time"), [("30m", timedelta(minutes=30)), ("4h", timedelta(hours=4))]
)
def test_a_target_is_a_time_in_minutes_or_hours(text, time):
    assert target(text) == time


@pytest.mark.parametrize("text", ["", "soon", "4", "4d", "-4h", "4h 30m"])
def test_a_wrong_target_is_refused(text):
    with pytest.raises(ValueError, match="like 30m or 4h"):
        target(text)


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ValueError, match="Asia/Karachi"):
        zone("Middle/Earth")
