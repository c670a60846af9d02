"""What a question costs Postgres: one read, one insert, and nothing that can be left out."""

from __future__ import annotations

import threading
from functools import cached_property

from django.db import close_old_connections, connection, connections
from django.test.utils import CaptureQueriesContext

from assistant import wiring
from faq.models import Faq
from faq.releases.publishing import publish

PASSWORD = "How do I reset my password?"


def ask(client, **more):
    return client.post("/ask", {"message": PASSWORD, **more}, format="json")


def test_an_answer_of_an_faq_costs_one_read_and_one_insert(committed_faqs, as_role):
    customer = as_role("customer")
    ask(customer)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        body = ask(customer).json()

    assert body["outcome"] == "answered"
    read, written = [query["sql"] for query in queries.captured_queries]
    assert read.startswith("SELECT id FROM faq_release")
    assert written.startswith('INSERT INTO "audit_record"')


def test_the_first_question_of_somebody_new_brings_their_key_along(committed_faqs, as_role):
    with CaptureQueriesContext(connection) as queries:
        ask(as_role("customer", subject="somebody-new"))

    first_words = [query["sql"].split()[0] for query in queries.captured_queries]
    assert first_words[-1] == "WITH"
    assert "INSERT" not in first_words


def test_a_release_is_answered_from_as_soon_as_it_is_published(committed_faqs, as_role):
    ask(as_role("customer"))
    Faq.objects.filter(slug="reset-password").update(answer="Call us.")
    publish(actor="tester")

    assert ask(as_role("customer")).json()["answer"] == "Call us."


def test_what_is_warm_before_workers_are_forked_needs_no_loading_in_any_of_them(committed_faqs):
    publish(actor="tester")
    wiring.warm_up()

    with CaptureQueriesContext(connection) as queries:
        release = wiring.live().current()

    assert len(queries.captured_queries) == 1
    kind = type(release)
    derived = [name for name in vars(kind) if isinstance(vars(kind)[name], cached_property)]
    assert derived
    assert [name for name in derived if name not in vars(release)] == []


def test_a_connection_that_postgres_closed_is_made_anew(committed_faqs, as_role):
    customer = as_role("customer")
    ask(customer)
    close_all_connections()

    # As each request of a server begins; the test client leaves it out.
    close_old_connections()
    assert ask(customer).status_code == 200


def close_all_connections():
    """As a Postgres that is started anew does."""

    def close():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        connections.close_all()

    other = threading.Thread(target=close)
    other.start()
    other.join()
