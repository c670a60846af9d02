"""A Chroma server of our own on this machine, for when CHROMA_URL is not set.

Two servers on one directory destroy it, so everything here serves one promise: a directory has at
most one server, and every process that needs it finds that one.

Three files in the directory keep it:

``server.lock``
    Held by the server process itself, which inherits it when it is started and writes its number
    into it. The lock therefore lives exactly as long as the server, whatever becomes of the
    process that started it.
``server.url``
    The server's address.
``users.lock``
    Shared by every process that uses the server. Whoever stops using it last ends it.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from assistant.interfaces import IndexUnavailable

LOOPBACK = "127.0.0.1"

START_SECONDS = 20.0
STOP_SECONDS = 5.0
PING_SECONDS = 2.0
POLL_SECONDS = 0.02

MAX_STARTS = 3
"""A port may be taken while we choose it; a server that fails thrice has another reason."""

# What the `chroma` command calls, without importing chromadb around it: up in a tenth of the time,
# a third of the memory, and deaf to settings meant for others.
_PROGRAM = """
import os, sys
os.pwrite(int(sys.argv.pop(1)), str(os.getpid()).encode(), 0)
import chromadb_rust_bindings
chromadb_rust_bindings.cli(["chroma", *sys.argv[1:]])
"""

_URL = re.compile(r"http://[\d.]+:\d+")

# Enough for Python to start. The server needs none of our secrets.
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")


class ChromaServer:
    """The one server of the directory ``path``; its log is ``state_dir/chroma.log``.

    Any number of objects, threads and processes may use one directory at once.
    """

    def __init__(self, path: Path, state_dir: Path) -> None:
        self._path = path.resolve()
        self._log = state_dir.resolve() / "chroma.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._use: int | None = None
        self._user_pid = 0
        self._lock = threading.RLock()

    def ensure_running(self) -> str:
        """The address of a server that answers, started if there is none.

        This process then counts as a user of it until ``stop`` or its own end. Raises
        ``IndexUnavailable``.
        """
        with self._lock:
            try:
                self._path.mkdir(parents=True, exist_ok=True)
                self._log.parent.mkdir(parents=True, exist_ok=True)
                self._begin_use()
                return self._find_or_start()
            except OSError as error:
                raise IndexUnavailable(
                    f"the Chroma server cannot use its folder ({error.strerror}): "
                    "check CHROMA_PATH and STATE_DIR"
                ) from error

    def url(self) -> str:
        """Where the server is, or was, without starting one. Raises ``IndexUnavailable``."""
        url = self._noted_url()
        if url is None:
            raise IndexUnavailable("the Chroma server of this site has not been started yet")
        return url

    def stop(self, *, force: bool = False) -> None:
        """Stop using the server. The last user to do so ends it; ``force`` ends it at once."""
        with self._lock:
            if not self._end_use() and not force:
                return
            try:
                with _Lock(self._path / "users.lock") as users:
                    if users.held or force:
                        self._end_server()
            except FileNotFoundError:
                # Somebody removed the folder: a server without one serves nobody.
                self._end_child()

    def _find_or_start(self) -> str:
        starts = 0
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with _Lock(self._path / "server.lock") as lock:
                if lock.held and starts == MAX_STARTS:
                    break
                if lock.held:
                    self._start(lock, same_port=starts == 0)
                    starts += 1
            url = self._noted_url()
            # Read again: another process may just be replacing what a dead server left.
            if url and _answers(url) and url == self._noted_url():
                return url
            time.sleep(POLL_SECONDS)
        raise IndexUnavailable("the Chroma server does not start: see chroma.log in STATE_DIR")

    def _start(self, lock: _Lock, *, same_port: bool) -> None:
        before = self._noted_url()
        # Processes that knew the address of a server that died find the next one there.
        port = _free_port(urlsplit(before).port if before and same_port else None)
        # Both before there is a server: were we killed right after, it could still be found.
        self._note_url(f"http://{LOOPBACK}:{port}")
        os.ftruncate(lock.descriptor, 0)
        command = ["run", "--path", str(self._path), "--host", LOOPBACK, "--port", str(port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - nothing in it comes from outside
                [sys.executable, "-I", "-c", _PROGRAM, str(lock.descriptor), *command],
                cwd=self._path,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[lock.descriptor],
                # Ctrl-C in the terminal is for whoever uses the server, not for the server.
                start_new_session=True,
            )

    def _begin_use(self) -> None:
        if self._use is not None and self._user_pid == os.getpid():
            return
        self._use = os.open(self._path / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._user_pid = os.getpid()
        # Waits while the last user ends the server.
        fcntl.flock(self._use, fcntl.LOCK_SH)
        atexit.register(self.stop)

    def _end_use(self) -> bool:
        """False if this process was no user; a fork of one is none either."""
        if self._use is None or self._user_pid != os.getpid():
            return False
        # By hand, since closing alone leaves the lock with forks that hold the descriptor too.
        fcntl.flock(self._use, fcntl.LOCK_UN)
        os.close(self._use)
        self._use = None
        atexit.unregister(self.stop)
        return True

    def _end_server(self) -> None:
        pid = self._pid()
        if self._is_down() or pid is None:
            return
        for order in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(pid, order)
            if self._is_down(wait=STOP_SECONDS):
                self._end_child()
                return

    def _end_child(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _is_down(self, *, wait: float = 0.0) -> bool:
        deadline = time.monotonic() + wait
        while True:
            with _Lock(self._path / "server.lock") as lock:
                if lock.held:
                    return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)

    def _pid(self) -> int | None:
        written = (self._path / "server.lock").read_text()
        return int(written) if written.isdigit() else None

    def _noted_url(self) -> str | None:
        try:
            url = (self._path / "server.url").read_text()
        except OSError:
            return None
        return url if _URL.fullmatch(url) else None

    def _note_url(self, url: str) -> None:
        written = self._path / f"server.url.{os.getpid()}"
        written.write_text(url)
        written.replace(self._path / "server.url")


class _Lock:
    """An exclusive lock on a file, tried once: ``held`` tells whether it is ours.

    Left by closing the file and not by unlocking: a process that inherited it keeps it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.descriptor = -1
        self.held = False

    def __enter__(self) -> _Lock:
        self.descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.held = True
        except BlockingIOError:
            self.held = False
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self.descriptor)


def ping(url: str) -> None:
    """Return if the Chroma server at ``url`` answers; raise ``IndexUnavailable`` otherwise.

    Needs neither chromadb nor, since our servers are our own, a proxy.
    """
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/api/v2/heartbeat", timeout=PING_SECONDS) as response:
            json.loads(response.read(1_000))["nanosecond heartbeat"]
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        raise unavailable(url, error) from error


def unavailable(url: str, error: BaseException) -> IndexUnavailable:
    """What to tell about a server that failed, without the words of whoever raised ``error``."""
    kind = type(error).__name__
    return IndexUnavailable(f"Chroma at {url} fails ({kind}): start it, or check CHROMA_URL")


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
            # As the server itself will ask: a port it used a moment ago counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(None, "no free port")


def _environment() -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # By default it writes two kilobytes of log for every request.
    return inherited | {"ANONYMIZED_TELEMETRY": "False", "RUST_LOG": "warn"}
