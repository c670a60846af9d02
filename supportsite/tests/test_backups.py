"""Backups, and archives that are refused with a reason before anything is changed.

A backup of a site under load, and its restore elsewhere: test_operating.py.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import Record
from supportsite.backup import archive as backups
from supportsite.backup import pg_dump

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(tmp_path):
    """A whole one, of the tests' own database."""
    file = tmp_path / "site.tar"
    call_command("backup", file)
    return file


def members(archive) -> dict[str, bytes]:
    with tarfile.open(archive) as packed:
        return {name: packed.extractfile(name).read() for name in packed.getnames()}


def pack(archive, contents: dict[str, bytes]) -> None:
    with tarfile.open(archive, "w") as packed:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))


def change_manifest(archive, **changes) -> None:
    content = members(archive)
    manifest = {**json.loads(content[backups.MANIFEST]), **changes}
    pack(archive, {**content, backups.MANIFEST: json.dumps(manifest).encode()})


def test_a_backup_is_recorded_and_readable_by_its_owner_alone(archive):
    assert archive.stat().st_mode & 0o777 == 0o600
    assert Record.objects.filter(action="site.backed_up").get().data["file"] == "site.tar"
    assert list(archive.parent.iterdir()) == [archive]


def test_a_backup_has_secrets_only_on_request(archive, tmp_path):
    call_command("backup", tmp_path / "all.tar", with_secrets=True)

    assert not [name for name in members(archive) if name.startswith("secrets")]
    assert settings.AUDIT_MAC_KEY.encode() not in archive.read_bytes()
    content = members(tmp_path / "all.tar")
    assert content["secrets/audit_mac_key"].decode().strip() == settings.AUDIT_MAC_KEY


def test_a_backup_overwrites_no_file(archive):
    before = archive.read_bytes()

    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", archive)

    assert archive.read_bytes() == before


def test_a_backup_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("backup", tmp_path / "nowhere" / "site.tar")

    assert list(tmp_path.iterdir()) == []


def test_a_site_that_is_not_empty_is_only_replaced_with_force(archive):
    with pytest.raises(CommandError, match="This site has data .*--force to replace it"):
        call_command("restore", archive)


def test_a_site_in_use_is_not_replaced(archive):
    beside = connection.copy()
    beside.ensure_connection()

    try:
        with pytest.raises(CommandError, match="Stop the site first"):
            call_command("restore", archive, force=True)
    finally:
        beside.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"format": 2}, "of format 2", id="another format"),
        pytest.param({"files": {}}, "has no database", id="no database"),
        pytest.param(
            {"files": {"database.dump": "0", "../etc/passwd": "0"}},
            "not a part of a backup",
            id="a way out of the folder",
        ),
        pytest.param({"files": {"database.dump": "0"}}, "damaged", id="another checksum"),
        pytest.param({"surplus": 1}, "cannot be read", id="an unknown field"),
        pytest.param({"audit_key": "another"}, "AUDIT_MAC_KEY differs", id="another key"),
        pytest.param({"postgres": 99}, "this server is", id="a newer Postgres"),
        pytest.param(
            {"migrations": ["faq.9999_later"]}, "newer supportsite", id="a newer supportsite"
        ),
    ],
)
def test_an_archive_that_does_not_fit_is_refused_before_anything_is_changed(
    archive, changes, reason
):
    change_manifest(archive, **changes)

    with pytest.raises(CommandError, match=f"Nothing was restored.*{reason}"):
        call_command("restore", archive, force=True)


def test_a_file_that_is_not_an_archive_is_refused(tmp_path):
    (tmp_path / "text").write_text("no archive")

    with pytest.raises(CommandError, match="not a complete backup"):
        call_command("restore", tmp_path / "text")
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore", tmp_path / "nothing")


def test_half_an_archive_is_refused(archive):
    archive.write_bytes(archive.read_bytes()[:5_000])

    with pytest.raises(CommandError, match="not a complete backup"):
        call_command("restore", archive, force=True)


def test_a_damaged_dump_changes_nothing_even_with_a_matching_checksum(archive):
    content = members(archive)
    content[backups.DATABASE] = content[backups.DATABASE][:-5_000]
    checksum = hashlib.sha256(content[backups.DATABASE]).hexdigest()
    manifest = json.loads(content[backups.MANIFEST])
    files = {**manifest["files"], backups.DATABASE: checksum}
    pack(archive, {**content, backups.MANIFEST: json.dumps({**manifest, "files": files}).encode()})
    before = Record.objects.count()

    with pytest.raises(CommandError, match="Nothing was restored. pg_restore: "):
        call_command("restore", archive, force=True)

    assert Record.objects.count() == before


def test_programs_older_than_the_server_are_refused_with_the_cure():
    with pytest.raises(pg_dump.DumpFailed, match="install .*postgresql-client-99"):
        pg_dump.client_program("pg_dump", 99)


def test_a_missing_program_is_named_with_the_cure():
    with pytest.raises(pg_dump.DumpFailed, match="There is no pg_nothing: install"):
        pg_dump.client_program("pg_nothing", 15)
