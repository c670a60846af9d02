"""A web process waits for Postgres for a few seconds and no longer; other processes as before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction

from faq import write_lock
from supportsite.postgres import base
from tickets.delivery.circuit_breaker import Breaker

pytestmark = pytest.mark.django_db


def connected() -> base.DatabaseWrapper:
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    connection.ensure_connection()
    return connection


@pytest.fixture
def web(monkeypatch) -> Iterator[base.DatabaseWrapper]:
    """A connection of a web process, with less patience."""
    monkeypatch.setattr(base, "_is_limited", True)
    monkeypatch.setattr(base, "_breaker", Breaker(failures=1, rest_seconds=60))
    monkeypatch.setattr(base, "_statement_breakers", {})
    monkeypatch.setattr(base, "STATEMENT_SECONDS", 0.2)
    connection = connected()
    yield connection
    connection.close()


def value(connection: base.DatabaseWrapper, statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_a_statement_that_takes_too_long_is_ended(web):
    with pytest.raises(OperationalError, match="statement timeout"):
        value(web, "SELECT pg_sleep(30)")

    assert value(web, "SELECT 1") == 1


def test_a_locked_table_is_not_waited_for(web, monkeypatch):
    other = connected()
    try:
        other.set_autocommit(False)
        other.cursor().execute("LOCK TABLE faq_faq IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(OperationalError, match="timeout"):
            value(web, "SELECT count(*) FROM faq_faq")
    finally:
        other.close()


def test_while_a_table_is_locked_one_request_waits_and_the_others_are_refused_at_once(
    web, monkeypatch
):
    monkeypatch.setattr(base, "REST_SECONDS", 60)
    statement = "SELECT count(*) FROM faq_faq"
    other = connected()
    other.set_autocommit(False)
    other.cursor().execute("LOCK TABLE faq_faq IN ACCESS EXCLUSIVE MODE")
    with pytest.raises(OperationalError, match="lock timeout|statement timeout"):
        value(web, statement)

    other.close()

    with pytest.raises(OperationalError, match="timed out a moment ago"):
        value(web, statement)
    monkeypatch.setitem(base._statement_breakers, statement, Breaker(failures=1, rest_seconds=0))
    assert value(web, statement) is not None
    assert base._statement_breakers == {}


def test_without_a_reply_the_connection_is_given_up_and_nobody_connects_for_a_moment(web):
    web.cursor().execute("SET statement_timeout = 0")
    web.reply_seconds = 0.2

    with pytest.raises(OperationalError):
        value(web, "SELECT pg_sleep(30)")

    assert not web.is_usable()
    with pytest.raises(OperationalError, match="did not reply a moment ago"):
        connected()


def test_after_the_rest_it_connects_again(web, monkeypatch):
    monkeypatch.setattr(base, "_breaker", Breaker(failures=1, rest_seconds=0))
    base._breaker.failed()

    again = connected()

    assert value(again, "SELECT 1") == 1
    again.close()


def test_commands_and_the_worker_have_no_limit():
    connection = connected()

    assert value(connection, "SHOW statement_timeout") == "0"
    assert connection.reply_seconds is None
    connection.close()


def test_whoever_writes_the_knowledge_base_has_longer(web, monkeypatch):
    monkeypatch.setattr(write_lock, "connection", web)
    monkeypatch.setattr(transaction, "get_connection", lambda using=None: web)

    with write_lock.lock_knowledge_base():
        assert value(web, "SHOW statement_timeout") == "1min"
        assert web.reply_seconds > write_lock.WRITE_SECONDS
    assert value(web, "SHOW statement_timeout") == "200ms"
