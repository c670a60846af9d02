"""A listening socket that lets nobody new in."""

from __future__ import annotations

import socket

import pytest

from supportsite import closed_door

pytestmark = pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)


@pytest.fixture
def listener(family, host):
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
