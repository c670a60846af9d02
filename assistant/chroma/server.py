"""The embedded Chroma server on this machine, used if CHROMA_URL is not set.

Two servers on one directory corrupt it. Therefore the server process holds the file lock
``server.lock`` in the directory while it runs, and writes its process id into it and its address
into ``server.url``. ``assistant.shared_server`` counts its users in ``users/``.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from assistant.chroma.heartbeat import ping
from assistant.interfaces import IndexUnavailable
from assistant.shared_server import SharedServer

LOOPBACK = "127.0.0.1"

START_SECONDS = 20.0
STOP_SECONDS = 5.0
POLL_SECONDS = 0.02
LOCK_SECONDS = 60.0
"""Timeout of the lock while another process starts or stops the server."""

OUR_FILES = ("users", "server.lock", "server.url")
"""Files in the folder that are ours and not Chroma's."""

log = logging.getLogger("assistant.chroma.server")

MAX_STARTS = 3
"""Another program may bind the chosen port first; three failures have another cause."""

# Calls the same function as the `chroma` command without importing chromadb: it starts ten times
# as fast, needs a third of the memory, and does not read the environment.
_PROGRAM = """
import os, sys
from pathlib import Path
from filelock import FileLock
lock_file, url_file, url, *command = sys.argv[1:]
lock = FileLock(lock_file)
lock.acquire(blocking=False)
Path(lock_file).write_text(str(os.getpid()))
new = Path(url_file + ".new")
new.write_text(url)
new.replace(url_file)
import chromadb_rust_bindings
chromadb_rust_bindings.cli(["chroma", *command])
"""

_URL = re.compile(r"http://[\d.]+:\d+")

# Enough for Python to start, without our secrets.
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")


class ChromaServer:
    """The Chroma server of the directory ``path``; its log is ``state_dir/chroma.log``.

    Any number of objects, threads and processes may use one directory at once.
    """

    def __init__(self, path: Path, state_dir: Path) -> None:
        self._process = _ServerProcess(path.resolve(), state_dir.resolve() / "chroma.log")
        self._shared = SharedServer(self._process, path.resolve() / "users", timeout=LOCK_SECONDS)

    def ensure_running(self) -> str:
        """The address of a server that answers; starts it if it is not running.

        This process then counts as a user of it until ``stop`` or its own end. Raises
        ``IndexUnavailable``.
        """
        try:
            self._shared.ensure_running()
        except Timeout as timeout:
            raise IndexUnavailable(
                "another process has been starting or stopping Chroma for too long: "
                f"stop the process that holds {timeout.lock_file} (see lsof)"
            ) from None
        except OSError as error:
            raise IndexUnavailable(
                f"the Chroma server cannot use its folder ({error.strerror}): "
                "check CHROMA_PATH and STATE_DIR"
            ) from error
        return self.url()

    @property
    def is_running(self) -> bool:
        """Whether a server process of any parent runs on the directory."""
        return self._process.is_running

    @property
    def started_empty(self) -> bool:
        """Whether this object started the server without any files."""
        return self._process.started_empty

    def url(self) -> str:
        """The server's last address, without starting it. Raises ``IndexUnavailable``."""
        url = self._process.url()
        if url is None:
            raise IndexUnavailable(
                "the Chroma server of this site is not running: start the site, or set CHROMA_URL"
            )
        return url

    def stop(self, *, force: bool = False) -> None:
        """Stop using the server. The last user stops it; ``force`` stops it in any case."""
        with suppress(FileNotFoundError):
            self._shared.stop_if_last()
        if force:
            self._process.stop()


class _ServerProcess:
    """The server as ``assistant.shared_server.LocalServer``."""

    def __init__(self, path: Path, log: Path) -> None:
        self._path = path
        self._log = log
        self._lock_file = path / "server.lock"
        self._url_file = path / "server.url"
        self._child: subprocess.Popen[bytes] | None = None
        self.started_empty = False

    @property
    def is_running(self) -> bool:
        return self._is_locked()

    def start(self) -> None:
        """Start it; if it does not start with its files, move them away and start without them.

        Raises ``IndexUnavailable`` or OSError.
        """
        self._log.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except IndexUnavailable:
            if not self._set_aside():
                raise
            self._start()

    def _set_aside(self) -> bool:
        """Move Chroma's files to a folder next to it; False if there are none.

        Everything in them can be rebuilt.
        """
        files = self._files()
        if not files:
            return False
        damaged = self._path.with_name(
            f"{self._path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        )
        damaged.mkdir()
        for file in files:
            file.rename(damaged / file.name)
        log.error(
            "Chroma does not start with its files. They were moved to %s. Run manage.py reindex; "
            "make run does it by itself",
            damaged,
        )
        return True

    def _files(self) -> list[Path]:
        return [file for file in self._path.iterdir() if file.name not in OUR_FILES]

    def _start(self) -> None:
        starts = 0
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            is_alive = self._is_alive()
            url = self.url()
            if is_alive and url and _answers(url):
                self._reap_superseded_child()
                return
            if not is_alive:
                if starts == MAX_STARTS:
                    break
                self._launch(same_port=starts == 0)
                starts += 1
            time.sleep(POLL_SECONDS)
        raise IndexUnavailable("the Chroma server does not start: see chroma.log in STATE_DIR")

    def stop(self) -> None:
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            pid = self._pid()
            if pid is None or not self._is_locked():
                break
            with suppress(ProcessLookupError):
                os.kill(pid, signal_number)
            self._wait_until_unlocked()
        if self._child is not None:
            # Also stops a server whose directory was removed.
            self._child.terminate()
            self._child.wait()
            self._child = None

    def url(self) -> str | None:
        try:
            url = self._url_file.read_text()
        except OSError:
            return None
        return url if _URL.fullmatch(url) else None

    def _launch(self, *, same_port: bool) -> None:
        previous = self.url()
        # Keep the address, for processes that still use it.
        port = _free_port(urlsplit(previous).port if previous and same_port else None)
        self._url_file.unlink(missing_ok=True)
        self.started_empty = not self._files()
        url = f"http://{LOOPBACK}:{port}"
        command = ["run", "--path", str(self._path), "--host", LOOPBACK, "--port", str(port)]
        program = [str(self._lock_file), str(self._url_file), url]
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - no external input
                [sys.executable, "-I", "-c", _PROGRAM, *program, *command],
                cwd=self._path,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal must not reach the server.
                start_new_session=True,
            )

    def _reap_superseded_child(self) -> None:
        """Wait for our child if another server has the lock: our child then exits by itself."""
        if self._child is not None and self._child.pid != self._pid():
            self._child.wait(STOP_SECONDS)
            self._child = None

    def _is_alive(self) -> bool:
        """True if a server process runs or is being started by this process."""
        if self._child is not None and self._child.poll() is None:
            return True
        return self._is_locked()

    def _is_locked(self) -> bool:
        """True if a server process of any parent runs on the directory."""
        try:
            with FileLock(self._lock_file, timeout=0):
                return False
        except Timeout:
            return True

    def _wait_until_unlocked(self) -> None:
        with suppress(Timeout), FileLock(self._lock_file, timeout=STOP_SECONDS, poll_interval=0.02):
            pass

    def _pid(self) -> int | None:
        try:
            content = self._lock_file.read_text()
        except FileNotFoundError:
            return None
        return int(content) if content.isdigit() else None


def _answers(url: str) -> bool:
    try:
        ping(url)
    except IndexUnavailable:
        return False
    return True


def _free_port(preferred: int | None) -> int:
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            # The server sets this option too: a port it has just used is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(None, "no free port")


def _environment() -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # By default Chroma logs two kilobytes per request.
    return inherited | {"ANONYMIZED_TELEMETRY": "False", "RUST_LOG": "warn"}
