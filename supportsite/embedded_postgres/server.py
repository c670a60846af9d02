"""The embedded server and the processes that use it: started for the first, stopped after the last.

Each process holds a shared lock on ``STATE_DIR/postgres.lock`` for as long as it lives; the kernel
counts them, so one that is killed counts no longer. Starting and stopping are done in turn. A
process that is killed leaves the server running, for the next one to use and stop.
"""

import atexit
import errno
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import pq, sql

from .cluster import PORT, USER, Cluster
from .errors import EmbeddedPostgresError
from .locks import SharedHold, turn

__all__ = ["EmbeddedPostgresError", "Server", "ensure_database", "ensure_running", "stop_if_last"]

# For one start or stop. Recovery replays at most some gigabytes of log (max_wal_size).
PATIENCE_SECONDS = 120.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Server:
    """Where to connect: ``host`` is the folder of a unix socket."""

    host: str
    port: int
    user: str


_servers: dict[Path, Server] = {}  # by the STATE_DIR as callers write it
_holds: dict[Path, SharedHold] = {}  # by the STATE_DIR resolved
_threads = threading.RLock()


def ensure_running(state_dir: Path, *, recheck: bool = False) -> Server:
    """The server on ``state_dir``, made and started if need be; at once when this process knows it.

    ``recheck`` asks whether it still answers, and starts it again if it does not: for a caller who
    could not connect. The first call makes this process one of the server's users until it ends;
    processes forked later are users too.

    Run as root, Postgres gets a system user of its own, see account.py.

    Raises EmbeddedPostgresError, one line with the cure.
    """
    known = _servers.get(state_dir)
    if known and not recheck:
        return known
    with _threads, _as_one_line(state_dir):
        folder = _resolved(state_dir)
        folder.mkdir(parents=True, exist_ok=True)
        cluster = Cluster(folder, PATIENCE_SECONDS)
        with _turn(folder):
            _join(cluster)
        _servers[state_dir] = Server(host=cluster.host(), port=PORT, user=USER)
        return _servers[state_dir]


def ensure_database(state_dir: Path, name: str) -> None:
    """Create the database ``name`` if the server, which must be running, does not have it.

    Raises psycopg.Error.
    """
    server = ensure_running(state_dir)
    with (
        _turn(_resolved(state_dir)),
        psycopg.connect(
            host=server.host, port=server.port, user=server.user, dbname="postgres", autocommit=True
        ) as connection,
    ):
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not found.fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def stop_if_last(state_dir: Path) -> bool:
    """Stop using the server, and stop it if no other process uses it. True if this was the last.

    Every process that uses the server calls it when it ends in its own time, forks included. The
    next :func:`ensure_running` starts the server again.

    Raises EmbeddedPostgresError or OSError when its turn does not come.
    """
    folder = _resolved(state_dir)
    with _threads:
        if folder not in _holds:
            return False
        with _turn(folder):
            for known in [known for known in _servers if _resolved(known) == folder]:
                del _servers[known]
            hold = _holds.pop(folder)
            try:
                last = hold.is_the_only_one()
                if last:
                    Cluster(folder, PATIENCE_SECONDS).stop()
                return last
            finally:
                # Before the turn ends: whoever is next must not count this process.
                hold.release()


def _join(cluster: Cluster) -> None:
    """Be counted first, so that nobody stops what is about to be used; then see that it runs."""
    if cluster.state_dir in _holds:
        _bring_up(cluster)
        return
    hold = SharedHold(cluster.state_dir / "postgres.lock")
    try:
        _bring_up(cluster)
    except BaseException:
        hold.release()
        raise
    _holds[cluster.state_dir] = hold


def _bring_up(cluster: Cluster) -> None:
    cluster.create()
    deadline = time.monotonic() + cluster.patience
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


def _resolved(state_dir: Path) -> Path:
    return state_dir.expanduser().resolve()


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    with turn(folder / "postgres.turn", patience=2 * PATIENCE_SECONDS):
        yield


@contextmanager
def _as_one_line(state_dir: Path) -> Iterator[None]:
    try:
        yield
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


def _stop_at_exit() -> None:
    for folder in list(_holds):
        try:
            stop_if_last(folder)
        except (EmbeddedPostgresError, OSError) as error:
            logger.warning("Postgres on %s was left running: %s", folder, error)


def _before_fork() -> None:
    # No thread is to be in the middle of anything: the child would never see the end of it.
    _threads.acquire()
    for hold in _holds.values():
        hold.prepare_fork()


def _after_fork_in_parent() -> None:
    for hold in _holds.values():
        hold.forked_in_parent()
    _threads.release()


def _after_fork_in_child() -> None:
    for hold in _holds.values():
        hold.forked_in_child()
    _threads.release()


atexit.register(_stop_at_exit)
os.register_at_fork(
    before=_before_fork,
    after_in_parent=_after_fork_in_parent,
    after_in_child=_after_fork_in_child,
)
