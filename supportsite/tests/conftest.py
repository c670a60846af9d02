"""What tests that call the WSGI application itself need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from supportsite.tests.edge import SECRET, Authority, Gunicorn, Mirror


@pytest.fixture
def kept_connection(db: None) -> Iterator[None]:
    """The test's transaction outlives the requests in it, as with Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A CA of the tests' own, with a server and a client."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.run()
    return authority


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    """The site's own middleware in gunicorn, which wants client certificates and the secret."""
    with Gunicorn(tmp_path_factory.mktemp("service"), PROXY_SECRET=SECRET) as gunicorn:
        yield gunicorn


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """What stands behind NGINX in place of the service, and tells what it was sent."""
    mirror = Mirror(tmp_path_factory.mktemp("mirror"))
    yield mirror
    mirror.close()
