"""The embedded server and the processes that use it: started for the first, stopped after the last.

See ``assistant.shared_server``. A process that is killed leaves the server running, for the
next one to use and stop.
"""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
from psycopg import pq, sql

from assistant.shared_server import SharedServer, Timeout

from .cluster import PORT, USER, Cluster
from .errors import EmbeddedPostgresError

__all__ = ["EmbeddedPostgresError", "Server", "ensure_database", "ensure_running", "stop_if_last"]

# For one start or stop. Recovery replays at most some gigabytes of log (max_wal_size).
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """Where to connect: ``host`` is the folder of a unix socket."""

    host: str
    port: int
    user: str


_servers: dict[Path, Server] = {}
"""By the STATE_DIR as callers write it."""


def ensure_running(state_dir: Path, *, recheck: bool = False) -> Server:
    """The server on ``state_dir``; created and started if necessary.

    Returns at once if this process has used the server before. ``recheck`` pings it and starts it
    again if it does not answer: for a caller who could not connect. The first call makes this
    process one of the server's users until it ends.

    Run as root, Postgres gets a system user of its own, see account.py.

    Raises EmbeddedPostgresError, one line with what to do.
    """
    server = _servers.get(state_dir)
    if server and not recheck:
        return server
    with _as_one_line(state_dir):
        folder = _resolved(state_dir)
        _shared(folder).ensure_running()
        host = Cluster(folder, TIMEOUT_SECONDS).host()
    _servers[state_dir] = Server(host=host, port=PORT, user=USER)
    return _servers[state_dir]


def ensure_database(state_dir: Path, name: str) -> None:
    """Create the database ``name`` if the server, which must be running, does not have it.

    Raises psycopg.Error, EmbeddedPostgresError.
    """
    server = ensure_running(state_dir)
    with (
        _as_one_line(state_dir),
        _shared(_resolved(state_dir)).exclusive(),
        psycopg.connect(
            host=server.host, port=server.port, user=server.user, dbname="postgres", autocommit=True
        ) as connection,
    ):
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not row.fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def stop_if_last(state_dir: Path) -> bool:
    """Stop using the server, and stop it if no other process uses it. True if this was the last.

    A process that ends normally does this by itself. The next :func:`ensure_running` starts the
    server again.

    Raises EmbeddedPostgresError.
    """
    folder = _resolved(state_dir)
    for path in [path for path in _servers if _resolved(path) == folder]:
        del _servers[path]
    with _as_one_line(state_dir):
        return _shared(folder).stop_if_last()


@dataclass(frozen=True)
class _ClusterServer:
    """A cluster as ``assistant.shared_server.LocalServer``."""

    cluster: Cluster

    def start(self) -> None:
        cluster = self.cluster
        cluster.create()
        deadline = time.monotonic() + cluster.timeout
        while (answer := cluster.ping()) is not pq.Ping.OK:
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Postgres on {cluster.data} does not answer: read {cluster.log}, "
                    "end its process if it hangs, and try again."
                )
            if answer is pq.Ping.NO_RESPONSE and not cluster.has_processes():
                cluster.start()
            else:
                # It is starting, recovering or stopping; or it is too busy to answer.
                time.sleep(0.05)

    def stop(self) -> None:
        self.cluster.stop()


@cache
def _shared(folder: Path) -> SharedServer:
    """One for each resolved STATE_DIR."""
    cluster = Cluster(folder, TIMEOUT_SECONDS)
    return SharedServer(
        _ClusterServer(cluster), folder / "postgres.users", timeout=2 * TIMEOUT_SECONDS
    )


def _resolved(state_dir: Path) -> Path:
    return state_dir.expanduser().resolve()


@contextmanager
def _as_one_line(state_dir: Path) -> Iterator[None]:
    try:
        yield
    except Timeout as timeout:
        raise EmbeddedPostgresError(
            "Another process has been starting or stopping Postgres for too long: "
            f"end the one that holds {timeout.lock_file} (lsof names it)."
        ) from None
    except OSError as error:
        cure = (
            "free space on that disk"
            if error.errno == errno.ENOSPC
            else "give it to the user who runs the site, or set STATE_DIR to another folder"
        )
        raise EmbeddedPostgresError(
            f"Postgres cannot keep its data under {state_dir} "
            f"({error.strerror}: {error.filename}): {cure}."
        ) from error
