from __future__ import annotations

import json

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

    assert [row["data"]["n"] for row in first["results"]] == [4, 3, 2]
    assert [row["data"]["n"] for row in second["results"]] == [1, 0]
    assert second["next"] is None


def test_records_are_filtered_by_actor_user_and_time(auditor):
    mine = record("test.done", actor="u1", kind="thing", key=1)
    record("test.done", actor="u2", kind="thing", key=2)

    for filters in (
        *({"actor": "u1"}, {"about": "thing:1"}),
        {"actor": "u1", "since": mine.at.isoformat()},
    ):
        results = auditor.get("/audit", filters).json()["results"]
        assert [row["id"] for row in results] == [mine.id]

    assert auditor.get("/audit", {"actor": "u1", "until": mine.at.isoformat()}).json() == {
        "results": [],
        "next": None,
    }


def test_a_filter_that_makes_no_sense_is_named(auditor):
    reply = auditor.get("/audit", {"since": "yesterday", "limit": 0})

    assert reply.status_code == 400
    assert {error["field"] for error in reply.json()["errors"]} == {"since", "limit"}


def test_records_are_filtered_by_person_outcome_and_request(auditor):
    mine = record("test.done", actor="app", data={"user_id": "u1", "outcome": "answered"})
    record("test.done", actor="app", data={"user_id": "u2", "outcome": "unanswered"})

    for filters in ({"user_id": "u1"}, {"outcome": "answered"}):
        results = auditor.get("/audit", {"action": "test.done", **filters}).json()["results"]
        assert [row["id"] for row in results] == [mine.id]
    assert results[0]["user_id"] == "u1"
    assert not auditor.get("/audit", {"request_id": "none-of-these"}).json()["results"]


def test_a_page_costs_a_bounded_number_of_queries(auditor, django_assert_max_num_queries):
    for number in range(20):
        record("test.counted", actor=f"u{number}", data={"user_id": f"v{number}"})

    with django_assert_max_num_queries(1):
        auditor.get("/audit", {"action": "test.counted"})


def test_the_export_streams_what_is_chosen_oldest_first(auditor):
    for number in range(3):
        record("test.counted", actor="u1", data={"n": number})

    reply = auditor.get("/audit.jsonl", {"action": "test.counted"})

    assert reply["Content-Type"] == "application/x-ndjson"
    lines = b"".join(reply.streaming_content).decode().splitlines()
    assert [json.loads(line)["data"]["n"] for line in lines] == [0, 1, 2]


@pytest.mark.parametrize("path", ["/audit", "/audit.jsonl"])
def test_only_auditors_read_it(as_role, path):
    assert as_role("support", "customer", "publisher").get(path).status_code == 403
    assert as_role().get(path).status_code == 401
