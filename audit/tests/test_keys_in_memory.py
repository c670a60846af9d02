"""A person's key stays in memory once it is committed."""

from __future__ import annotations

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import record
from audit.tests.test_people import record_question


def test_a_person_who_asks_again_and_again_costs_no_look_up(committed):
    record_question("u1")

    with CaptureQueriesContext(connection) as queries:
        record("question.asked", actor="u1", data={"user_id": "u1"})

    assert len(queries) == 1


def test_what_is_rolled_back_leaves_no_key_in_memory(committed):
    with transaction.atomic():
        record_question("u1")
        transaction.set_rollback(True)

    assert record_question("u1").subject == "u1"
