"""The documents' commands, word for word, on a site as `make run` makes it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from supportsite.tests.documents import differences, examples, reply_differs, run
from supportsite.tests.served import REPOSITORY, Site

pytestmark = pytest.mark.slow

README = REPOSITORY / "README.md"
API = REPOSITORY / "docs" / "api.md"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # Not one of pytest's: under root those are closed to the user Postgres runs as.
    folder = Path(tempfile.mkdtemp(prefix="documents-"))
    folder.chmod(0o755)
    site = Site(folder / "site")
    try:
        yield site.copy_first_start().start()
    finally:
        site.end()
        shutil.rmtree(folder)


# The guide shows the counters of a site that was asked nothing before.
@pytest.mark.parametrize("document", [API, README], ids=lambda path: path.name)
def test_every_command_runs_and_every_reply_is_as_shown(document, site):
    chosen = examples(document.read_text())

    printed = run(chosen, address=site.address, env=site.environment, folder=REPOSITORY)

    wrong = {
        example.name: matches
        for example, text in zip(chosen, printed, strict=True)
        if example.language and (matches := reply_differs(example, text))
    }
    assert chosen
    assert wrong == {}


def test_every_request_of_the_api_guide_shows_its_reply():
    chosen = examples(API.read_text())

    assert [block.name for block in chosen if "curl" in block.commands and not block.language] == []


def test_the_comparison_sees_what_is_missing_extra_or_of_another_kind():
    assert differences({"a": 1}, {"a": 2.0}) == []
    assert differences({"a": 1, "…": "…"}, {"a": 1, "b": 2}) == []
    assert differences({"a": 1}, {"a": 1, "b": 2}) == [": b is not shown"]
    assert differences({"a": 1, "b": 2}, {"a": 1}) == [": b is not in the reply"]
    assert differences({"a": "1"}, {"a": 1}) == [".a: 1, shown is '1'"]
    assert differences({"status": 404}, {"status": 403}) == [".status: 403, shown is 404"]
    assert differences([1], [1, 2]) == [": 2 items, shown are 1"]
    assert differences([1, "…"], [1, 2]) == []
