"""A backup: one tar archive with the database, the checkpoints outside it, and a manifest of both.

    manifest.json    when and of what it was made, and the SHA-256 of every other member
    database.dump    all of Postgres, by pg_dump: FAQs, releases, vectors and fitted policies,
                     tickets, people, the audit trail and the keys of the persons in it
    anchors/         the checkpoints of AUDIT_ANCHOR_DIR
    secrets/         only if asked for; as they lie in STATE_DIR

Not in it: Chroma's collection, which is built anew from Postgres, and settings.
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
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from supportsite import database_dump, secrets

FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "database.dump"
MEMBER = re.compile(r"database\.dump|anchors/[\w.-]+|secrets/[a-z_]+")

LARGEST_MANIFEST = 10_000_000


class BadBackup(Exception):
    """The archive cannot be restored, here or at all; the text says why."""


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself."""

    format: int
    made: str
    """When the dump was begun: what was committed later is not in it."""
    postgres: int
    """Major version of the server."""
    migrations: list[str]
    """That were applied, such as ``faq.0003_drafts``."""
    audit_key: str
    """Tells AUDIT_MAC_KEYs apart, and nothing about them."""
    files: dict[str, str]
    """SHA-256 by member."""


def make(to: Path, *, with_secrets: bool) -> Manifest:
    """Write a backup; whole or not at all, readable by its owner alone.

    Raises ``database_dump.DumpFailed`` and ``OSError``.
    """
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=".backup-") as folder:
        root = Path(folder)
        # Before the database: what they say must be in it.
        _copy_anchors(root / "anchors")
        made = timezone.now()
        database_dump.dump(root / DATABASE)
        if with_secrets:
            for name in secrets.NAMES:
                if value := getattr(settings, name):
                    secrets.keep(root / "secrets" / name.lower(), value)
        manifest = _manifest(root, made)
        (root / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n")
        packed = root / "packed.tar"
        with tarfile.open(packed, "w") as archive:
            for name in (MANIFEST, *sorted(manifest.files)):
                archive.add(root / name, name, filter=_anonymous)
        packed.chmod(0o600)
        packed.replace(to)
    return manifest


@dataclass(frozen=True)
class Backup:
    """An open archive whose members are as its manifest says."""

    manifest: Manifest
    packed: tarfile.TarFile

    def database(self) -> IO[bytes]:
        return _member(self.packed, DATABASE)

    def anchors(self) -> dict[str, bytes]:
        """The checkpoints by their file's name."""
        return {
            Path(name).name: _member(self.packed, name).read()
            for name in self.manifest.files
            if name.startswith("anchors/")
        }


@contextmanager
def opened(archive: Path) -> Iterator[Backup]:
    """A backup, looked over. Raises ``BadBackup`` and ``OSError``."""
    try:
        packed = tarfile.open(archive, "r:")  # noqa: SIM115 (closed below)
    except tarfile.TarError as wrong:
        raise BadBackup(f"{archive} is no whole backup: {wrong}.") from None
    with packed:
        try:
            manifest = _read(packed)
            for name, written in manifest.files.items():
                if _digest(_member(packed, name)) != written:
                    raise BadBackup(f"{name} is not as it was written: the archive is damaged.")
        except (tarfile.TarError, KeyError) as wrong:
            raise BadBackup(f"{archive} is no whole backup: {wrong}.") from None
        yield Backup(manifest, packed)


def refuse(manifest: Manifest) -> None:
    """Raise ``BadBackup`` unless this site can take what the archive holds."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or {}}
    if newer := sorted(set(manifest.migrations) - known):
        raise BadBackup(f"It was made by a newer supportsite, which has {newer[0]}: update first.")
    if manifest.audit_key != fingerprint(settings.AUDIT_MAC_KEY):
        raise BadBackup(
            "AUDIT_MAC_KEY is another one than the backup was made with: no record could be "
            "verified and nobody found. Set it to that one, which is kept where secrets are."
        )
    here = database_dump.server_major()
    if here < manifest.postgres:
        raise BadBackup(
            f"It is of Postgres {manifest.postgres}, this server is {here}: restore it into "
            f"{manifest.postgres} or a newer one."
        )


def holds_something() -> list[str]:
    """What there is here that a restore would replace, such as ``12 audit_record``."""
    tables = set(connection.introspection.table_names())
    found = []
    with connection.cursor() as cursor:
        for table in ("audit_record", "faq_release", "tickets_ticket", "auth_user"):
            if table in tables:
                cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 (one of the above)
                if count := cursor.fetchone()[0]:
                    found.append(f"{count} {table}")
    return found


def fingerprint(key: str) -> str:
    return hashlib.sha256(f"supportsite backup\n{key}".encode()).hexdigest()[:16]


def digest(file: Path) -> str:
    with file.open("rb") as opened:
        return _digest(opened)


def _manifest(root: Path, made: datetime) -> Manifest:
    applied = MigrationRecorder(connection).applied_migrations()
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return Manifest(
        format=FORMAT,
        made=made.isoformat(timespec="seconds"),
        postgres=database_dump.server_major(),
        migrations=sorted(f"{app}.{name}" for app, name in applied),
        audit_key=fingerprint(settings.AUDIT_MAC_KEY),
        files={str(path.relative_to(root)): digest(path) for path in files},
    )


def _copy_anchors(to: Path) -> None:
    to.mkdir()
    for file in settings.AUDIT_ANCHOR_DIR.glob("*.txt"):
        (to / file.name).write_bytes(file.read_bytes())


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _read(packed: tarfile.TarFile) -> Manifest:
    try:
        told: dict[str, Any] = json.loads(_member(packed, MANIFEST).read(LARGEST_MANIFEST))
        manifest = Manifest(**told)
    except (ValueError, TypeError) as wrong:
        raise BadBackup(f"Its manifest cannot be read: {wrong}.") from None
    if manifest.format != FORMAT:
        raise BadBackup(f"It is of format {manifest.format}; this supportsite reads {FORMAT}.")
    if DATABASE not in manifest.files:
        raise BadBackup("Its manifest names no database.")
    if strange := [name for name in manifest.files if not MEMBER.fullmatch(name)]:
        raise BadBackup(f"Its manifest names {strange[0]!r}, which is no part of a backup.")
    return manifest


def _member(packed: tarfile.TarFile, name: str) -> IO[bytes]:
    member = packed.extractfile(name)
    if member is None:
        raise BadBackup(f"{name} is no file.")
    return member


def _digest(opened: IO[bytes]) -> str:
    found = hashlib.sha256()
    while block := opened.read(1 << 20):
        found.update(block)
    return found.hexdigest()
