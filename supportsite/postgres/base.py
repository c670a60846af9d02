"""Django's Postgres backend, with time limits in web processes.

A Postgres that hangs, or a locked table, must not block the threads of a web process: the request
fails with 503 after seconds. Management commands, the worker and the sealer have no limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
from django.db import OperationalError
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from tickets.delivery.circuit_breaker import Breaker

LOCK_SECONDS, STATEMENT_SECONDS = 2.0, 2.5
"""Limits that the server keeps, for a lock and a statement."""

REPLY_SECONDS = 3.0
"""For any reply of the server, which may hang itself."""

CHECK_SECONDS = 1.0
"""For the check, at the start of a request, that a connection still works."""

CONNECT_SECONDS = 2
"""For a new connection; the shortest that psycopg allows."""

REST_SECONDS = 1.0
"""After a missing reply, no new connections for this long."""

LIMITS = "SET {scope} lock_timeout = '{lock:.0f}ms'; SET {scope} statement_timeout = '{all:.0f}ms'"
NOTICE_CLOSED = "; SET client_connection_check_interval = '1s'"

TIMEOUTS = (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled)

_breaker = Breaker(failures=1, rest_seconds=REST_SECONDS)
_statement_breakers: dict[str, Breaker] = {}
"""Of statements that timed out and did not succeed since."""
_is_limited = False


def enable_time_limits() -> None:
    """For web processes: limit the time of every connection that this process makes from now on."""
    global _is_limited
    _is_limited = True


class DatabaseWrapper(base.DatabaseWrapper):
    reply_seconds: float | None = None
    """None: no limit."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.execute_wrappers.append(_fail_fast)

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        return {**params, "connect_timeout": CONNECT_SECONDS} if _is_limited else params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Raises OperationalError, at once if Postgres just did not reply."""
        if not _is_limited:
            return super().get_new_connection(conn_params)
        if not _breaker.allows_request():
            raise OperationalError("Postgres did not reply a moment ago.")
        try:
            connection = super().get_new_connection(conn_params)
        except psycopg.errors.ConnectionTimeout:
            _breaker.failed()
            raise
        except BaseException:
            _breaker.abandoned()
            raise
        _breaker.succeeded()
        self.reply_seconds = REPLY_SECONDS
        # Every reply is waited for here, also those that Django asks for itself.
        connection.wait = partial(self._wait, connection, connection.wait)
        return connection

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if _is_limited:
            self._set_limits("SESSION", LOCK_SECONDS, STATEMENT_SECONDS, NOTICE_CLOSED)

    def is_usable(self) -> bool:
        with self._reply_within(CHECK_SECONDS):
            return bool(super().is_usable())

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Another limit for each statement of a transaction, in processes that have limits."""
        if self.reply_seconds is None:
            yield
            return
        self._set_limits("LOCAL", seconds, seconds)
        with self._reply_within(seconds + REPLY_SECONDS - STATEMENT_SECONDS):
            yield

    def _set_limits(self, scope: str, lock: float, statement: float, more: str = "") -> None:
        limits = LIMITS.format(scope=scope, lock=lock * 1_000, all=statement * 1_000)
        with self.connection.cursor() as cursor:
            cursor.execute(limits + more)

    @contextmanager
    def _reply_within(self, seconds: float) -> Iterator[None]:
        before = self.reply_seconds
        self.reply_seconds = before and seconds
        try:
            yield
        finally:
            self.reply_seconds = before

    def _wait(
        self, connection: Any, wait: Callable[..., Any], *arguments: Any, **options: Any
    ) -> Any:
        try:
            return wait(*arguments, **{"timeout": self.reply_seconds, **options})
        except psycopg.OperationalError:
            if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # No reply. A late one must not be read as the reply to another statement.
                connection.pgconn.finish()
                _breaker.failed()
            raise


def _fail_fast(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Run a statement, unless one of the same text timed out a moment ago.

    While a table is locked, one request a second waits for it, and no queue of requests forms.
    """
    if not _is_limited or not isinstance(sql, str) or _locks_rows(sql):
        return execute(sql, params, many, context)
    breaker = _statement_breakers.get(sql)
    if breaker and not breaker.allows_request():
        raise OperationalError("A statement like this timed out a moment ago.")
    try:
        result = execute(sql, params, many, context)
    except BaseException as failure:
        if isinstance(failure.__cause__, TIMEOUTS):
            new = Breaker(failures=1, rest_seconds=REST_SECONDS)
            _statement_breakers.setdefault(sql, new).failed()
        elif breaker:
            breaker.abandoned()
        raise
    if breaker:
        _statement_breakers.pop(sql, None)
    return result


def _locks_rows(sql: str) -> bool:
    """Whether a statement may wait for one row only, so that others like it need not wait."""
    return sql.startswith(("UPDATE", "DELETE")) or "FOR UPDATE" in sql
