"""What `make run` runs, as a process of its own: to start, to talk to over HTTP, to stop."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

import psutil
from filelock import FileLock

REPOSITORY = Path(__file__).parents[2]
LAST_LINE = "Ctrl-C stops it."
WORKERS = 2
START_SECONDS = 120.0
STOP_SECONDS = 60.0

MAKE_READY = """
from django.core.management import call_command
for command in (["migrate", "-v0"], ["ingest"], ["token", "u1"]):
    call_command(*command)
"""
SHARED = REPOSITORY / "var" / "test" / "first-start"
"""State after a first start, for all processes of one run of the tests."""

EDITED = "Ask Amina."
EDIT_AND_PUBLISH = f"""
from django.core.management import call_command
from faq.models import Faq
Faq.objects.filter(slug="reset-password").update(answer="{EDITED}")
call_command("publish")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Ended:
    """A command that came to its end: its exit code, and all it printed."""

    code: int
    text: str


class Site:
    """One site: a folder of state, a port, and the process that serves them, if one does."""

    def __init__(self, state_dir: Path, **settings: str) -> None:
        self.state_dir = state_dir
        self.port = free_port()
        self.output = ""
        self.token = ""
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the tests' own settings, so that what is not named here has its default; but
        the converted model, which takes longer than the rest of a first start."""
        inherited = ("PATH", "HOME", "LANG", "CONVERTED_MODELS")
        inherited_values = {name: os.environ[name] for name in inherited if name in os.environ}
        own = {"STATE_DIR": str(self.state_dir), "PORT": str(self.port)}
        return {**inherited_values, **own, **self._settings}

    # --- Starting -----------------------------------------------------------------------------

    def copy_first_start(self) -> Self:
        """Begin with the state after a first start, which takes longer than all later ones."""
        run_id = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
        of_this_run = SHARED / run_id
        SHARED.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{SHARED}.lock"):
            if not of_this_run.exists():
                shutil.rmtree(SHARED)
                Site(SHARED / "new").make_ready()
                (SHARED / "new").rename(of_this_run)
        # Its files belong to the user Postgres runs as.
        subprocess.run(["cp", "-a", of_this_run, self.state_dir], check=True)
        return self

    def make_ready(self) -> str:
        """Create the database, the index and release 1 without serving; a customer's token."""
        self.make_secrets()
        ended = self.manage("shell", "--no-imports", "-c", MAKE_READY)
        assert ended.code == 0, ended.text
        return ended.text.split()[-1]

    def make_secrets(self) -> None:
        self.state_dir.mkdir(parents=True, exist_ok=True)
        assert self.run("-m", "supportsite.secrets") == Ended(0, "")

    def begin(self, **settings: str) -> None:
        """Both commands of `make run`, in the foreground of a terminal of their own."""
        self.make_secrets()
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=REPOSITORY,
                env={**self.environment, **settings},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=_heed_signals,
            )

    def wait_until_it_says(self, text: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while text not in self._out.read_text():
            assert self.process.poll() is None, f"it ended: {self._out.read_text()}{self.log}"
            assert time.monotonic() < deadline, f"not ready: {self._out.read_text()}{self.log}"
            time.sleep(0.05)
        self.output = self._out.read_text()

    def wait_until_ready(self) -> Site:
        self.wait_until_it_says(LAST_LINE)
        token = re.search(r"Bearer (\S+)'", self.output)
        assert token
        self.token = token[1]
        while len(self.workers()) < WORKERS:
            time.sleep(0.05)
        return self

    def start(self) -> Site:
        self.begin()
        return self.wait_until_ready()

    # --- Commands beside it -------------------------------------------------------------------

    def run(self, *arguments: str, **settings: str) -> Ended:
        """Another process on the same site, to its end."""
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=REPOSITORY,
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=START_SECONDS,
        )
        return Ended(ended.returncode, ended.stdout)

    def manage(self, *arguments: str, **settings: str) -> Ended:
        return self.run("manage.py", *arguments, **settings)

    @cached_property
    def auditor(self) -> str:
        return self.manage("token", "auditor-1", "--role", "auditor").text.strip()

    # --- Requests -----------------------------------------------------------------------------

    def send(self, method: str, path: str, body: Any = None, *, token: str = "") -> tuple[int, Any]:
        """Status, and the body read as JSON where it is JSON. A connection for each request."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
            kind = response.getheader("Content-Type", "")
        finally:
            connection.close()
        return response.status, json.loads(text) if "json" in kind else text

    def ask(self, message: str, token: str = "") -> Any:
        """The reply to a question, which must be 200."""
        body = {"user_id": "u1", "message": message}
        status, reply = self.send("POST", "/ask", body, token=token or self.token)
        assert status == 200, reply
        return reply

    def recorded_asks(self) -> list[str]:
        """The ask_id of every question on the audit trail, newest first."""
        ask_ids: list[str] = []
        path = "/audit?action=question.asked&limit=500"
        page: Mapping[str, Any] = {"next": None}
        while True:
            before = f"&before={page['next']}" if page["next"] else ""
            status, page = self.send("GET", path + before, token=self.auditor)
            assert status == 200, page
            ask_ids += [record["about"].removeprefix("ask:") for record in page["results"]]
            if not page["next"]:
                return ask_ids

    def asks_counted(self) -> float:
        """assistant_asks_total, summed over its labels."""
        _, metrics = self.send("GET", "/metrics")
        counted = re.findall(r"^assistant_asks_total{.*} (\S+)$", metrics, re.MULTILINE)
        return sum(map(float, counted))

    def gauge(self, name: str) -> float:
        status, metrics = self.send("GET", "/metrics")
        assert status == 200, self.log
        value = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
        assert value, name
        return float(value[1])

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    # --- Its processes ------------------------------------------------------------------------

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process
        return self._process

    @property
    def log(self) -> str:
        return self._err.read_text()

    def processes(self) -> list[psutil.Process]:
        """All there are: gunicorn and its workers, Postgres, Chroma."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def workers(self) -> list[psutil.Process]:
        """Forks of the first process."""
        first = self._first
        return self._children(lambda child: child.cmdline() == first.cmdline())

    def chroma(self) -> list[psutil.Process]:
        return [process for process in self.processes() if "chroma" in " ".join(process.cmdline())]

    def commands(self, name: str) -> list[psutil.Process]:
        """Those of manage.py that run beside the workers."""
        return self._children(lambda child: name in child.cmdline())

    @property
    def _first(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def _children(self, is_wanted: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
        children = []
        for child in self._first.children():
            # One that has just ended has no command any more.
            with suppress(psutil.Error):
                if is_wanted(child):
                    children.append(child)
        return children

    @contextmanager
    def only(self, worker: psutil.Process) -> Iterator[None]:
        """While it lasts, every request is this worker's: the others are suspended."""
        others = [item for item in self.workers() if item != worker]
        for other in others:
            other.suspend()
        try:
            yield
        finally:
            for other in others:
                other.resume()

    def signal(self, number: signal.Signals) -> None:
        """What a terminal does: the whole group of processes in the foreground hears it."""
        os.killpg(self.process.pid, number)

    def end(self) -> None:
        """Leave nothing behind, whatever state it is in."""
        if self._process and self._process.poll() is None:
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                self.signal(signal.SIGINT)
                self._process.wait(STOP_SECONDS)
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                # Postgres takes this one as: now, but clean up.
                process.send_signal(signal.SIGQUIT)
        _, stubborn = psutil.wait_procs(self.processes(), timeout=5)
        for process in stubborn:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if self._process:
            self._process.wait()

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                return False
            named = process.environ().get("STATE_DIR") == str(self.state_dir)
            return named or Path(process.cwd()).is_relative_to(self.state_dir)
        return False

    @property
    def _out(self) -> Path:
        return self.state_dir.with_suffix(".out")

    @property
    def _err(self) -> Path:
        return self.state_dir.with_suffix(".err")


def _heed_signals() -> None:
    """As in a terminal: who runs the tests with nohup or in the background ignores some of them."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
