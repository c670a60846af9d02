"""A site under load: its workers renewed, backed up, stopped, and restored elsewhere.

Nothing that was answered is lost, and nobody who got through is turned away.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from supportsite.tests.asking import Asking
from supportsite.tests.collector import Collector, collecting
from supportsite.tests.deployed import Deployed, replaced_after
from supportsite.tests.served import EDIT_AND_PUBLISH, EDITED, STOP_SECONDS

pytestmark = pytest.mark.slow

RECYCLED_AFTER = 150

LOOK_OVER = """
from django.conf import settings
from django.core.management import call_command
call_command("audit_seal")
call_command("audit_verify", anchor=settings.AUDIT_ANCHOR_DIR / "latest.txt")
call_command("reindex", check=True)
call_command("ask", "How do I reset my password?")
"""


def renew(site: Deployed) -> None:
    before = site.workers()
    site.signal(signal.SIGHUP)
    site.wait_for_other_workers(before)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as receiving:
        yield receiving


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Not one of pytest's: under root those are closed to the user Postgres runs as.
    created = Path(tempfile.mkdtemp(prefix="operating-"))
    created.chmod(0o755)
    yield created
    shutil.rmtree(created)


@pytest.fixture(scope="module")
def site(folder: Path, collector: Collector) -> Iterator[Deployed]:
    created = Deployed(
        folder / "site",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.address,
        **replaced_after(RECYCLED_AFTER),
    )
    try:
        yield created.copy_first_start().start()
    finally:
        created.end()


# --- Workers that end -----------------------------------------------------------------------------


def test_workers_that_make_room_lose_no_request_and_no_count(site):
    before, counted = site.workers(), site.asks_counted()

    with Asking(site) as asking:
        site.wait_for_other_workers(before)

    assert asking.lost == []
    assert asking.refused == 0
    assert site.asks_counted() - counted == len(asking.answered)
    assert len(asking.answered) >= RECYCLED_AFTER


def test_a_reload_loses_no_request(site):
    with Asking(site) as asking:
        for _ in range(2):
            renew(site)

    assert asking.lost == []
    assert asking.refused == 0


def test_after_a_reload_what_was_published_meanwhile_is_answered(site):
    assert site.manage("shell", "--no-imports", "-c", EDIT_AND_PUBLISH).code == 0

    renew(site)

    for worker in site.workers():
        with site.only(worker):
            assert site.ask("How do I reset my password?")["answer"] == EDITED


def test_workers_that_ended_have_sent_their_spans(site, collector):
    asks = [span for span in collector.spans if span.name == "POST ask"]

    assert len(asks) >= RECYCLED_AFTER
    assert site.token.encode() not in b"".join(collector.bodies)


# --- A backup, taken while it is asked ------------------------------------------------------------


@dataclass(frozen=True)
class Backup:
    """A backup, and what was answered before it was begun and until it was done."""

    file: Path
    before: set[str]
    until: set[str]


@pytest.fixture(scope="module")
def backup(site: Deployed, folder: Path) -> Backup:
    earlier = set(site.asks_in_database())
    assert site.manage("audit_seal").code == 0
    with Asking(site) as asking:
        site.wait_until(lambda: len(asking.answered) > 20)
        before = {*earlier, *asking.answered}
        ended = site.manage("backup", str(folder / "site.tar"))
        assert ended.code == 0, ended.text
    assert asking.lost == []
    return Backup(folder / "site.tar", before, {*earlier, *asking.answered})


def test_after_sigterm_it_answers_queued_connections(site, backup):
    recorded = site.asks_in_database()
    with Asking(site) as asking:
        site.wait_until(lambda: len(asking.answered) > 50)
        site.signal(signal.SIGTERM)
        site.process.wait(STOP_SECONDS)

    assert asking.lost == []
    assert asking.refused > 0
    assert Counter(site.asks_in_database()) - Counter(recorded) == Counter(asking.answered)


@pytest.fixture(scope="module")
def copy(site: Deployed, backup: Backup, folder: Path) -> Iterator[Deployed]:
    """Another site, with nothing of the first but the backup and two keys."""
    stored = {
        name: (site.state_dir / "secrets" / name.lower()).read_text().strip()
        for name in ("AUDIT_MAC_KEY", "AUDIT_SIGNING_KEY")
    }
    created = Deployed(folder / "copy", **stored)
    created.make_secrets()
    try:
        yield created
    finally:
        created.end()


def test_a_backup_is_restored_whole_and_verified(copy, backup):
    ended = copy.manage("restore", str(backup.file))

    assert ended.code == 0, ended.text
    assert "records verified" in ended.text
    assert "missing, 0 changed" in ended.text
    asks = copy.asks_in_database()
    assert len(asks) == len(set(asks))
    assert backup.before <= set(asks) <= backup.until


def test_what_was_restored_is_as_its_anchors_say_and_answers(copy):
    ended = copy.manage("shell", "--no-imports", "-c", LOOK_OVER)

    assert ended.code == 0, ended.text
    assert "reset-password" in ended.text


def test_only_force_replaces_it(copy, backup):
    refused = copy.manage("restore", str(backup.file))
    assert refused.code == 1
    assert "Nothing was restored. This site has data" in refused.text
    assert len(refused.text.splitlines()) == 1

    forced = copy.manage("restore", str(backup.file), "--force")
    assert forced.code == 0, forced.text
    assert "already has checkpoints; they are not changed" in forced.text
