"""What every test may use: the demo knowledge base, live as release 1, and callers with roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from audit.identity.principal import Role
from audit.models import SubjectKey
from supportsite.auth.authentication import issue


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Real Postgres, real Chroma, the real model loaded once; each test rolls back to here."""
    with django_db_blocker.unblock():
        call_command("ingest", verbosity=0)


@pytest.fixture
def as_role() -> Callable[..., APIClient]:
    """A client with a token: ``as_role("customer", subject="u1")``; no role, no token."""

    def make(*roles: str | Role, subject: str = "u1", **claims: Any) -> APIClient:
        client = APIClient()
        if roles:
            token = issue(subject, [str(role) for role in roles], seconds=600, **claims)
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return make


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """For tests whose threads must see each other's commits; they start from an empty database.

    The database is emptied by TRUNCATE afterwards, which the audit trail refuses: its triggers are
    taken away for that moment. Such tests run after all others.
    """
    _triggers("ENABLE ALWAYS")
    SubjectKey.objects.clear_cache()
    yield
    _triggers("DISABLE")


def _triggers(verb: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass, tgname FROM pg_trigger"
            " WHERE tgfoid = 'audit_refuse'::regproc"
        )
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} {verb} TRIGGER {trigger}")
