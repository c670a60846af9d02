from __future__ import annotations

from collections.abc import Iterator

import pytest

from faq.releases.publishing import preparation
from faq.tests.preparing import prepare_no_vectors


@pytest.fixture
def no_vectors() -> Iterator[None]:
    """Nobody asks in the test, so its releases need no vectors."""
    with preparation.replaced(prepare_no_vectors):
        yield
