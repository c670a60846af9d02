"""One directory, one Chroma server, whatever happens to the processes around it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
from filelock import FileLock, Timeout

from assistant.chroma import server as server_module
from assistant.chroma.heartbeat import ping
from assistant.chroma.index import ChromaIndex
from assistant.chroma.server import ChromaServer
from assistant.interfaces import Entry, IndexUnavailable
from assistant.management.commands import reindex

pytestmark = pytest.mark.slow

USER = """
import signal, sys, time
from pathlib import Path
from assistant.chroma.server import ChromaServer

# What a service manager sends; Python's own answer would skip the tidying up.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
server = ChromaServer(Path(sys.argv[1]) / "data", Path(sys.argv[1]))
print(server.ensure_running(), flush=True)
if sys.argv[2:] == ["wait"]:
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path):
    """A folder for one server, which is ended afterwards in any case."""
    yield tmp_path
    server_of(tmp_path).stop(force=True)


def server_of(folder):
    return ChromaServer(folder / "data", folder)


@contextlib.contextmanager
def another_process(folder, *, waits=True):
    """A process that uses the server, and its address once it answers."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder), *(["wait"] if waits else [])],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def address(process):
    return process.stdout.readline().strip()


def server_pid(folder):
    return int((folder / "data" / "server.lock").read_text())


def is_running(folder):
    try:
        with FileLock(folder / "data" / "server.lock", timeout=0):
            return False
    except Timeout:
        return True


def test_it_starts_a_server_that_answers(home):
    url = server_of(home).ensure_running()

    ping(url)
    assert is_running(home)


def test_it_asks_for_the_address_without_starting_anything(home):
    with pytest.raises(IndexUnavailable, match="is not running"):
        server_of(home).url()

    url = server_of(home).ensure_running()

    assert server_of(home).url() == url


def test_only_this_machine_can_reach_it(home):
    url = server_of(home).ensure_running()
    port = urlsplit(url).port

    assert url.startswith("http://127.0.0.1:")
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=1):  # noqa: PT011
        pass


def test_every_object_of_a_process_gets_the_same_server(home):
    one, other = server_of(home), server_of(home)

    assert one.ensure_running() == other.ensure_running() == one.ensure_running()


def test_another_way_to_name_the_directory_leads_to_the_same_server(home, tmp_path):
    url = server_of(home).ensure_running()
    (tmp_path / "alias").symlink_to(home / "data")
    elsewhere = tmp_path / "elsewhere"

    server = ChromaServer(tmp_path / "alias", elsewhere)

    assert server.ensure_running() == url
    server.stop()


def test_two_directories_have_two_servers(home, tmp_path):
    other = server_of(tmp_path / "other")

    assert server_of(home).ensure_running() != other.ensure_running()
    other.stop()


def test_four_processes_at_once_start_one_server(home):
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(another_process(home)) for _ in range(4)]

        assert len({address(process) for process in processes}) == 1
        assert servers_of(home) == [server_pid(home)]


def servers_of(folder):
    """Process ids of all Chroma servers on that directory."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if str(folder / "data") in (process.info["cmdline"] or [])
    ]


def test_the_server_outlives_a_killed_starter_and_is_found_again(home):
    with another_process(home) as starter:
        url = address(starter)
        pid = server_pid(home)
        starter.send_signal(signal.SIGKILL)
        starter.wait()

    assert server_of(home).ensure_running() == url
    assert servers_of(home) == [pid]


def test_a_starter_killed_at_any_moment_leaves_one_server_that_can_be_ended(home):
    for tenths in range(0, 20, 3):
        with another_process(home) as starter:
            time.sleep(0.05 + tenths / 100)
            starter.send_signal(signal.SIGKILL)
            starter.wait()
        server = server_of(home)
        ping(server.ensure_running())

        assert len(servers_of(home)) == 1
        server.stop()
        # The server of a killed process may still be on its way out.
        deadline = time.monotonic() + 10
        while servers_of(home) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert servers_of(home) == []


def test_a_killed_server_is_started_again_at_the_same_address(home):
    server = server_of(home)
    url = server.ensure_running()
    killed = server_pid(home)
    os.kill(killed, signal.SIGKILL)

    assert server.ensure_running() == url
    assert server_pid(home) != killed


def test_what_was_stored_outlives_a_killed_server(home):
    entries = [Entry("a", "faq", "How?", "", np.array([1, 0], dtype=np.float32))]
    server = server_of(home)
    ChromaIndex(server.ensure_running()).sync("kept", entries)
    os.kill(server_pid(home), signal.SIGKILL)

    assert not ChromaIndex(server.ensure_running()).drift("kept", entries)


def test_its_address_being_taken_it_finds_another(home):
    server = server_of(home)
    url = server.ensure_running()
    server.stop()

    with socket.create_server(("127.0.0.1", urlsplit(url).port)):
        assert server.ensure_running() != url


def test_after_stop_the_lock_is_free_and_the_server_gone(home):
    server = server_of(home)
    url = server.ensure_running()
    pid = server_pid(home)

    server.stop()

    assert not is_running(home)
    assert not psutil.pid_exists(pid)
    with pytest.raises(IndexUnavailable):
        ping(url)


def test_a_server_whose_folder_was_removed_is_ended_all_the_same(home):
    server = server_of(home)
    server.ensure_running()
    shutil.rmtree(home / "data")

    server.stop()

    assert servers_of(home) == []


def test_stop_without_a_start_does_nothing(home):
    with another_process(home) as user:
        address(user)

        server_of(home).stop()

        assert is_running(home)


def test_the_first_user_may_leave_while_another_uses_it(home):
    starter = server_of(home)
    url = starter.ensure_running()
    with another_process(home) as user:
        assert address(user) == url

        starter.stop()

        ping(url)


@pytest.mark.parametrize(
    "end", [pytest.param(None, id="at its end"), pytest.param(signal.SIGTERM, id="when told to")]
)
def test_the_last_user_stops_the_server(home, end):
    with another_process(home) as starter:
        address(starter)
        starter.send_signal(signal.SIGKILL)
        starter.wait()

    with another_process(home, waits=end is not None) as user:
        address(user)
        if end:
            user.send_signal(end)
        user.wait(timeout=10)

    assert not is_running(home)


def test_a_forced_stop_does_not_ask_who_else_uses_it(home):
    with another_process(home) as user:
        address(user)

        server_of(home).stop(force=True)

        assert not is_running(home)


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_the_end_of_a_forked_worker_does_not_end_the_server(home):
    server = server_of(home)
    url = server.ensure_running()

    child = os.fork()
    if child == 0:
        server.stop()
        os._exit(0)
    os.waitpid(child, 0)

    ping(url)


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_worker_left_behind_by_its_master_keeps_the_server(home):
    server = server_of(home)
    url = server.ensure_running()
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        server.ensure_running()
        os.write(tell, b"!")
        time.sleep(60)
        os._exit(0)
    os.read(ready, 1)

    server.stop()

    ping(url)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_nonsense_left_in_its_folder_does_not_stop_it(home):
    (home / "data").mkdir()
    (home / "data" / "server.url").write_text("file:///etc/passwd")
    (home / "data" / "server.lock").write_text("nonsense, and quite some of it")

    ping(server_of(home).ensure_running())
    assert servers_of(home) == [server_pid(home)]


@pytest.mark.parametrize("damaged", [b"no database", b"SQLite format 3\0" + bytes(5_000)])
def test_files_that_it_does_not_start_with_are_set_aside(home, damaged):
    (home / "data").mkdir()
    (home / "data" / "chroma.sqlite3").write_bytes(damaged)
    server = server_of(home)

    ping(server.ensure_running())

    assert server.started_empty
    (aside,) = home.glob("data.damaged-*")
    assert (aside / "chroma.sqlite3").read_bytes() == damaged


def test_a_collection_that_chroma_cannot_read_is_dropped_and_filled_anew(home):
    vectors = np.random.default_rng(1).normal(size=(1_500, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    entries = [
        Entry(key=f"k{number}", faq_id=f"f{number}", phrasing="?", category="", vector=vector)
        for number, vector in enumerate(vectors)
    ]
    server = server_of(home)
    ChromaIndex(server.ensure_running()).sync("faqs", entries)
    server.stop(force=True)
    files = list((home / "data").glob("*/*.bin"))
    for file in files:
        file.write_bytes(os.urandom(file.stat().st_size))
    index = ChromaIndex(server_of(home).ensure_running())
    assert files
    with pytest.raises(IndexUnavailable):
        index.drift("faqs", entries)

    drift = reindex.drift_or_drop(index, "faqs", entries)
    index.sync("faqs", entries)

    assert len(drift.missing) == len(entries)
    assert not index.drift("faqs", entries)


def test_a_server_that_cannot_start_is_reported_in_one_line(home, monkeypatch):
    monkeypatch.setattr(server_module, "_PROGRAM", "raise SystemExit('it does not work')")

    with pytest.raises(IndexUnavailable, match="does not start: see chroma"):
        server_of(home).ensure_running()

    assert (home / "chroma.log").stat().st_size > 0


def test_an_unusable_folder_is_reported_in_one_line(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(IndexUnavailable, match="check CHROMA_PATH and STATE_DIR"):
        ChromaServer(tmp_path / "file" / "data", tmp_path).ensure_running()


def test_requests_leave_no_trace_in_its_log(home):
    index = ChromaIndex(server_of(home).ensure_running())
    index.names()
    before = (home / "chroma.log").read_bytes()

    index.sync("traced", [])
    index.drop("traced")

    assert (home / "chroma.log").read_bytes() == before


def test_it_inherits_no_secret(home, monkeypatch):
    monkeypatch.setenv("JWT_SECRET", "something to hide")
    server_of(home).ensure_running()

    environment = psutil.Process(server_pid(home)).environ()

    assert environment["ANONYMIZED_TELEMETRY"] == "False"
    assert "something to hide" not in environment.values()
