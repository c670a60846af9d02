"""What every test may use: the demo knowledge base, live as release 1, and callers with roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from assistant.calibration import fitted_policies
from assistant.calibration.fitting import Fitted
from assistant.decision.policy import ConfidencePolicy
from audit import committed as committed_ids
from audit.identity.principal import Role
from audit.models import SubjectKey
from faq.models import Release
from supportsite.auth.authentication import issue
from supportsite.tests import table_rows

SLOW = ("slow", "edge", "browser", "model")
"""Markers of tests that start servers, a browser or a model; pyproject.toml says which is which."""

SLOWEST = ("test_serve.py", "test_model_catalog.py", "test_conversion.py", "test_index.py")
"""The files that take the longest of all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they need, and order their files. Raises ``UsageError``.

    Tests that commit empty the database: they are in files of their own and run after those that
    need its content. Slow files without a database start first, so that no process of
    pytest-xdist, which keeps the tests of a file together, begins one when the others are done.
    """
    kinds: dict[str, set[bool]] = {}
    for item in items:
        needs = set(getattr(item, "fixturenames", ()))
        commits = bool(needs & {"transactional_db", "live_server"})
        if item.path.name.startswith("test_edge_"):
            item.add_marker("edge")
        if "sync_playwright" in vars(getattr(item, "module", None)):
            item.add_marker("browser")
        if needs & {"model", "converted", "small_model"}:
            item.add_marker("model")
        if commits or "db" in needs or item.get_closest_marker("django_db"):
            kinds.setdefault(str(item.path), set()).add(commits)
        elif not any(map(item.get_closest_marker, SLOW)):
            item.add_marker("core")
    slow = {str(item.path) for item in items if any(map(item.get_closest_marker, SLOW))}
    first = slow - kinds.keys()
    items.sort(key=lambda item: (str(item.path) not in first, item.path.name not in SLOWEST))
    if mixed := [path for path, commits in kinds.items() if len(commits) > 1]:
        raise pytest.UsageError(f"Some tests of {mixed[0]} commit and some do not: use two files.")


@pytest.fixture(scope="session", autouse=True)
def static_files_on_demand() -> None:
    """Every test client would look through all static files when it is made."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """A real hash of a password takes a quarter of a second by design."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def no_unnamed_records() -> None:
    """Records of an earlier test are gone, and the next record would name them."""
    committed_ids.forget(committed_ids.unlisted(limit=None))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> dict[str, bytes]:
    """Real Postgres, real Chroma, the real model loaded once; each test rolls back to here.

    Returns the rows that the ingest wrote, by table.
    """
    with django_db_blocker.unblock():
        before = table_rows.filled_tables()
        call_command("ingest", verbosity=0)
        return table_rows.read(table_rows.filled_tables() - before)


@pytest.fixture
def without_fitting(monkeypatch: pytest.MonkeyPatch) -> None:
    """New releases get the shipped policy: to fit one is most of the work of publishing."""
    shipped = Fitted(ConfidencePolicy(), None, why="not fitted in this test")
    monkeypatch.setattr(fitted_policies, "fit_release", lambda *args, **options: shipped)


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
    committed_ids.forget(committed_ids.unlisted(limit=None))
    yield
    _triggers("DISABLE")


@pytest.fixture
def committed_faqs(committed: None, django_db_setup: dict[str, bytes]) -> None:
    """Like ``committed``, with the demo knowledge base as release 1: copied, not ingested again."""
    if not Release.objects.exists():
        table_rows.write(django_db_setup)


def _triggers(verb: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass, tgname FROM pg_trigger"
            " WHERE tgfoid = 'audit_refuse'::regproc"
        )
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} {verb} TRIGGER {trigger}")
