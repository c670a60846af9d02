"""A backup: one tar archive with the database, the checkpoints outside it, and a manifest of both.

    manifest.json    time and versions of the backup, and the SHA-256 of every other member
    database.dump    all of Postgres, by pg_dump: FAQs, releases, vectors and fitted policies,
                     tickets, people, the audit trail and the keys of the persons in it
    anchors/         the checkpoints of AUDIT_ANCHOR_DIR
    secrets/         only on request; copies of the files in STATE_DIR

Not included: Chroma's collection, which is rebuilt from Postgres, and settings.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from supportsite import secrets
from supportsite.backup import pg_dump

FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "database.dump"
MEMBER = re.compile(r"database\.dump|anchors/[\w.-]+|secrets/[a-z_]+")


class BadBackup(Exception):
    """The archive cannot be restored; the text says why."""


@dataclass(frozen=True)
class Manifest:
    """Contents and requirements of an archive."""

    format: int
    made: str
    """The time before the dump; later commits are not included."""
    postgres: int
    """Major version of the server."""
    migrations: list[str]
    """The applied ones, such as ``faq.0003_drafts``."""
    audit_key: str
    """A fingerprint of AUDIT_MAC_KEY."""
    files: dict[str, str]
    """SHA-256 by member."""

    @property
    def anchors(self) -> list[str]:
        return [name for name in self.files if name.startswith("anchors/")]


def write(archive: Path, *, with_secrets: bool) -> Manifest:
    """Write a backup atomically, readable by its owner alone.

    Raises ``pg_dump.DumpFailed`` and ``OSError``.
    """
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".backup-") as temporary:
        folder = Path(temporary)
        # Before the dump, which must hold the records of these checkpoints.
        _copy_anchors(folder / "anchors")
        now = timezone.now()
        pg_dump.dump(folder / DATABASE)
        if with_secrets:
            for name in secrets.NAMES:
                if value := getattr(settings, name):
                    secrets.write_private(folder / "secrets" / name.lower(), value)
        manifest = _manifest(folder, now)
        (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n")
        packed = folder / "packed.tar"
        with tarfile.open(packed, "w") as tar:
            for name in (MANIFEST, *sorted(manifest.files)):
                tar.add(folder / name, name, filter=_without_owner)
        packed.chmod(0o600)
        packed.replace(archive)
    return manifest


@contextmanager
def unpacked(archive: Path) -> Iterator[tuple[Manifest, Path]]:
    """The manifest, and a temporary folder with the members, whose checksums are verified.

    Raises ``BadBackup`` and ``OSError``.
    """
    # Not in /tmp, which may be small.
    settings.STATE_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.STATE_DIR, prefix=".restore-") as temporary:
        folder = Path(temporary)
        try:
            with tarfile.open(archive, "r:") as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError) as failure:
            raise BadBackup(f"{archive} is not a complete backup: {failure}.") from None
        manifest = _read_manifest(folder / MANIFEST)
        for name, checksum in manifest.files.items():
            file = folder / name
            if not file.is_file():
                raise BadBackup(f"{archive} is not a complete backup: {name} is missing.")
            if digest(file) != checksum:
                raise BadBackup(f"{name} does not match its checksum: the archive is damaged.")
        yield manifest, folder


def check_restorable(manifest: Manifest) -> None:
    """Raise ``BadBackup`` unless the archive can be restored into this site."""
    available = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or {}}
    if newer := sorted(set(manifest.migrations) - available):
        raise BadBackup(f"It was made by a newer supportsite (it has {newer[0]}). Update first.")
    if manifest.audit_key != fingerprint(settings.AUDIT_MAC_KEY):
        raise BadBackup(
            "AUDIT_MAC_KEY differs from the backup's: nobody could verify a record or look up "
            "a person. Set AUDIT_MAC_KEY to the value of the site that made the backup."
        )
    server = pg_dump.server_major()
    if server < manifest.postgres:
        raise BadBackup(
            f"It is of Postgres {manifest.postgres}, but this server is {server}. Restore it into "
            f"Postgres {manifest.postgres} or newer."
        )


def present_rows() -> list[str]:
    """Rows that a restore would replace, such as ``12 audit_record``; empty for a new site."""
    tables = set(connection.introspection.table_names())
    present = []
    with connection.cursor() as cursor:
        for table in ("audit_record", "faq_release", "tickets_ticket", "auth_user"):
            if table in tables:
                cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 (one of the above)
                if count := cursor.fetchone()[0]:
                    present.append(f"{count} {table}")
    return present


def fingerprint(key: str) -> str:
    """A short hash to compare keys; 16 hex digits."""
    return hashlib.sha256(f"supportsite backup\n{key}".encode()).hexdigest()[:16]


def digest(file: Path) -> str:
    """SHA-256 in hex digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _manifest(folder: Path, now: datetime) -> Manifest:
    applied = MigrationRecorder(connection).applied_migrations()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return Manifest(
        format=FORMAT,
        made=now.isoformat(timespec="seconds"),
        postgres=pg_dump.server_major(),
        migrations=sorted(f"{app}.{name}" for app, name in applied),
        audit_key=fingerprint(settings.AUDIT_MAC_KEY),
        files={str(path.relative_to(folder)): digest(path) for path in files},
    )


def _copy_anchors(folder: Path) -> None:
    folder.mkdir()
    for file in settings.AUDIT_ANCHOR_DIR.glob("*.txt"):
        (folder / file.name).write_bytes(file.read_bytes())


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _read_manifest(file: Path) -> Manifest:
    if not file.is_file():
        raise BadBackup(f"It is not a complete backup: {file.name} is missing.")
    try:
        manifest = Manifest(**json.loads(file.read_bytes()))
    except (ValueError, TypeError) as failure:
        raise BadBackup(f"Its manifest cannot be read: {failure}.") from None
    if manifest.format != FORMAT:
        raise BadBackup(f"It is of format {manifest.format}; this supportsite reads {FORMAT}.")
    if DATABASE not in manifest.files:
        raise BadBackup("It is not a complete backup: its manifest has no database.")
    if unknown := [name for name in manifest.files if not MEMBER.fullmatch(name)]:
        raise BadBackup(f"Its manifest names {unknown[0]!r}, which is not a part of a backup.")
    return manifest
