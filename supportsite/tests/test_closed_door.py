"""A listening socket that lets nobody new in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from supportsite import closed_door

CONFIG = """
preload_app = True
control_socket_disable = True

def when_ready(server):
    from supportsite import closed_door

    def stop():
        closed_door.close_all(server)
        type(server).handle_term(server)

    server.handle_term = stop
    print("ready", flush=True)
"""

# As systemd does: the socket is number 3, and the environment says whose it is.
AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", "conf.py", "hello"])
"""


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def listener(request):
    family, host = request.param
    with socket.create_server((host, 0), family=family) as made:
        yield made


def connected(listener):
    return socket.create_connection(listener.getsockname()[:2], timeout=0.2)


def test_whoever_is_in_the_queue_is_served(listener):
    with connected(listener) as client:
        client.sendall(b"a request")

        closed_door.close(listener)

        taken, _ = listener.accept()
        with taken:
            listener.close()
            assert taken.recv(100) == b"a request"
            client.sendall(b"more")
            assert taken.recv(100) == b"more"
            taken.sendall(b"an answer")
            assert client.recv(100) == b"an answer"


def test_whoever_comes_later_is_not_let_in(listener):
    closed_door.close(listener)

    with pytest.raises(TimeoutError):
        connected(listener)


def test_and_is_refused_once_the_socket_is_closed(listener):
    address = listener.getsockname()[:2]
    closed_door.close(listener)
    listener.close()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_a_socket_of_systemd_lets_in_whoever_comes_for_the_next_server(listener, tmp_path):
    (tmp_path / "conf.py").write_text(CONFIG)
    (tmp_path / "hello.py").write_text("def application(environ, start_response): ...\n")
    server = subprocess.Popen(
        [sys.executable, "-c", AS_SYSTEMD, str(listener.fileno())],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        pass_fds=[listener.fileno()],
        stdout=subprocess.PIPE,
    )
    assert server.stdout
    with server.stdout:
        assert server.stdout.readline() == b"ready\n"
        server.terminate()
        assert server.wait(20) == 0

    with connected(listener):
        pass


@pytest.mark.parametrize("other", ["systemd", "master_pid", "reexec_pid"])
def test_a_socket_that_others_go_on_with_stays_open_to_all(listener, other):
    alone = {"systemd": False, "master_pid": 0, "reexec_pid": 0}
    server = SimpleNamespace(LISTENERS=[SimpleNamespace(sock=listener)], **alone | {other: 1})

    closed_door.close_all(server)

    with connected(listener):
        pass


def test_a_socket_of_a_server_that_is_alone_is_closed(listener):
    sockets = [SimpleNamespace(sock=listener)]

    closed_door.close_all(
        SimpleNamespace(LISTENERS=sockets, systemd=False, master_pid=0, reexec_pid=0)
    )

    with pytest.raises(TimeoutError):
        connected(listener)
