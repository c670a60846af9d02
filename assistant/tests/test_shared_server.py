"""One server for all processes that use it: the first starts it, the last stops it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.shared_server import SharedServer, Timeout

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]

USER = """
import os, sys
from pathlib import Path
from assistant.shared_server import SharedServer
from assistant.tests.test_shared_server import FileServer

folder = Path(sys.argv[1])
server = SharedServer(FileServer(folder), folder / "users", timeout=10)
server.ensure_running()
"""
WAIT = """
print("ready", flush=True)
sys.stdin.read()
"""
FORK_THAT_ENDS = """
child = os.fork()
if not child:
    sys.exit()
os.waitpid(child, 0)
"""


class FileServer:
    """Runs while its file exists; notes each start and stop."""

    def __init__(self, folder: Path) -> None:
        self._file, self._log = folder / "running", folder / "log"

    def start(self) -> None:
        if not self._file.exists():
            self._file.touch()
            self._note("start")

    def stop(self) -> None:
        self._file.unlink()
        self._note("stop")

    def _note(self, event: str) -> None:
        with self._log.open("a") as log:
            log.write(f"{event}\n")


class BrokenServer(FileServer):
    def start(self) -> None:
        raise RuntimeError("it does not start")


def shared(folder: Path, *, timeout: float = 10) -> SharedServer:
    return SharedServer(FileServer(folder), folder / "users", timeout=timeout)


def events(folder: Path) -> list[str]:
    return (folder / "log").read_text().split()


@contextmanager
def another_process(folder: Path, script: str = USER) -> Iterator[subprocess.Popen[str]]:
    """A process that uses the server until the block ends, and then ends normally."""
    with subprocess.Popen(
        [sys.executable, "-c", script + WAIT, str(folder)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        yield process


def test_the_first_user_starts_it_and_the_last_one_stops_it(tmp_path):
    server = shared(tmp_path)
    server.ensure_running()

    with another_process(tmp_path):
        assert not server.stop_if_last()
        assert events(tmp_path) == ["start"]

    assert events(tmp_path) == ["start", "stop"]


def test_two_objects_of_one_process_are_two_users(tmp_path):
    one, other = shared(tmp_path), shared(tmp_path)
    one.ensure_running()
    other.ensure_running()

    assert not one.stop_if_last()
    assert other.stop_if_last()


def test_a_killed_user_does_not_count(tmp_path):
    server = shared(tmp_path)
    with another_process(tmp_path) as process:
        process.kill()
        process.wait()

        server.ensure_running()

        assert server.stop_if_last()
    assert events(tmp_path) == ["start", "stop"]
    assert list((tmp_path / "users").glob("*.user")) == []


def test_the_end_of_a_fork_does_not_stop_it(tmp_path):
    with another_process(tmp_path, USER + FORK_THAT_ENDS):
        assert events(tmp_path) == ["start"]

    assert events(tmp_path) == ["start", "stop"]


def test_a_process_that_is_no_user_stops_nothing(tmp_path):
    with another_process(tmp_path):
        assert not shared(tmp_path).stop_if_last()

        assert events(tmp_path) == ["start"]


def test_a_failed_start_leaves_no_user_behind(tmp_path):
    broken = SharedServer(BrokenServer(tmp_path), tmp_path / "users", timeout=10)

    with pytest.raises(RuntimeError, match="does not start"):
        broken.ensure_running()

    server = shared(tmp_path)
    server.ensure_running()
    assert server.stop_if_last()


def test_a_turn_that_does_not_come_is_an_error(tmp_path):
    hold = USER + "turn = server.exclusive(); turn.__enter__()\n"
    with another_process(tmp_path, hold) as process:
        with pytest.raises(Timeout):
            shared(tmp_path, timeout=0.1).ensure_running()
        process.kill()
