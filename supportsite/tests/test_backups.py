"""Archives that are not restored: each for a reason that is said, before anything is touched.

A backup of a loaded site, and what is restored of it: test_operating.py.
"""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import Record
from supportsite import backups, database_dump

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(tmp_path):
    """A good one, of the tests' own database."""
    file = tmp_path / "site.tar"
    call_command("backup", file)
    return file


def members(archive) -> dict[str, bytes]:
    with tarfile.open(archive) as packed:
        return {name: packed.extractfile(name).read() for name in packed.getnames()}


def pack(archive, held: dict[str, bytes]) -> None:
    with tarfile.open(archive, "w") as packed:
        for name, content in held.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))


def change_manifest(archive, **changes) -> None:
    held = members(archive)
    told = {**json.loads(held[backups.MANIFEST]), **changes}
    pack(archive, {**held, backups.MANIFEST: json.dumps(told).encode()})


def test_it_is_recorded_and_only_its_owner_may_read_it(archive):
    assert archive.stat().st_mode & 0o777 == 0o600
    assert Record.objects.filter(action="site.backed_up").get().data["file"] == "site.tar"
    assert list(archive.parent.iterdir()) == [archive]


def test_it_holds_secrets_only_if_asked_for(archive, tmp_path):
    call_command("backup", tmp_path / "all.tar", with_secrets=True)

    assert not [name for name in members(archive) if name.startswith("secrets")]
    assert settings.AUDIT_MAC_KEY.encode() not in archive.read_bytes()
    held = members(tmp_path / "all.tar")
    assert held["secrets/audit_mac_key"].decode().strip() == settings.AUDIT_MAC_KEY


def test_nothing_is_written_over(archive):
    before = archive.read_bytes()

    with pytest.raises(CommandError, match="is already there"):
        call_command("backup", archive)

    assert archive.read_bytes() == before


def test_what_it_writes_is_whole_or_not_there(tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("backup", tmp_path / "nowhere" / "site.tar")

    assert list(tmp_path.iterdir()) == []


def test_a_site_that_holds_something_is_not_replaced_without_being_told(archive):
    with pytest.raises(CommandError, match="There is a site here already .*--force replaces it"):
        call_command("restore", archive)


def test_nor_while_others_use_it_even_then(archive):
    beside = connection.copy()
    beside.ensure_connection()

    try:
        with pytest.raises(CommandError, match="stop the site first"):
            call_command("restore", archive, force=True)
    finally:
        beside.close()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"format": 2}, "of format 2", id="another format"),
        pytest.param({"files": {}}, "names no database", id="no database"),
        pytest.param(
            {"files": {"database.dump": "0", "../etc/passwd": "0"}},
            "no part of a backup",
            id="a way out of the folder",
        ),
        pytest.param({"files": {"database.dump": "0"}}, "damaged", id="another checksum"),
        pytest.param({"surplus": 1}, "cannot be read", id="a member nobody knows"),
        pytest.param({"audit_key": "another"}, "AUDIT_MAC_KEY is another one", id="another key"),
        pytest.param({"postgres": 99}, "this server is", id="a newer Postgres"),
        pytest.param(
            {"migrations": ["faq.9999_later"]}, "newer supportsite", id="a newer supportsite"
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_touched(archive, changes, said):
    change_manifest(archive, **changes)

    with pytest.raises(CommandError, match=f"Nothing was restored.*{said}"):
        call_command("restore", archive, force=True)


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "text").write_text("no archive")

    with pytest.raises(CommandError, match="no whole backup"):
        call_command("restore", tmp_path / "text")
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore", tmp_path / "nothing")


def test_half_an_archive_is_refused(archive):
    archive.write_bytes(archive.read_bytes()[:5_000])

    with pytest.raises(CommandError, match=r"no whole backup|damaged"):
        call_command("restore", archive, force=True)


@pytest.mark.parametrize(("server", "said"), [(99, "install postgresql-client-99")])
def test_programs_older_than_the_server_are_refused_with_the_cure(monkeypatch, server, said):
    monkeypatch.setattr(database_dump, "server_major", lambda: server)

    with pytest.raises(CommandError, match=said):
        call_command("backup")


def test_the_fingerprint_of_a_key_tells_keys_apart():
    assert backups.fingerprint("one") == backups.fingerprint("one")
    assert backups.fingerprint("one") != backups.fingerprint("other")


def test_this_site_takes_a_backup_of_its_own(archive):
    with backups.opened(archive) as backup:
        backups.refuse(backup.manifest)

        assert backup.database().read(5) == b"PGDMP"
        assert backup.manifest.postgres == database_dump.server_major()
