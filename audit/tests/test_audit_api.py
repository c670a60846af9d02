from __future__ import annotations

import pytest

from audit.models import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(as_role):
    return as_role("auditor", subject="ann")


def test_an_auditor_reads_records_newest_first_a_page_at_a_time(auditor):
    for number in range(5):
        record("test.counted", data={"n": number})

    first = auditor.get("/audit", {"action": "test.counted", "limit": 3}).json()
    second = auditor.get(
        "/audit", {"action": "test.counted", "limit": 3, "before": first["next"]}
    ).json()

    assert [each["data"]["n"] for each in first["results"]] == [4, 3, 2]
    assert [each["data"]["n"] for each in second["results"]] == [1, 0]
    assert second["next"] is None


def test_records_are_found_by_actor_thing_and_time(auditor):
    mine = record("test.done", actor="u1", kind="thing", key=1)
    record("test.done", actor="u2", kind="thing", key=2)

    for wanted in (
        *({"actor": "u1"}, {"about": "thing:1"}),
        {"actor": "u1", "since": mine.at.isoformat()},
    ):
        found = auditor.get("/audit", wanted).json()["results"]
        assert [each["id"] for each in found] == [mine.id]

    assert auditor.get("/audit", {"actor": "u1", "until": mine.at.isoformat()}).json() == {
        "results": [],
        "next": None,
    }


def test_a_filter_that_makes_no_sense_is_named(auditor):
    reply = auditor.get("/audit", {"since": "yesterday", "limit": 0})

    assert reply.status_code == 400
    assert {error["field"] for error in reply.json()["errors"]} == {"since", "limit"}
