"""A request has to arrive in time; what has arrived is read."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from supportsite.serving.bounded_socket import BoundedSocket


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, BoundedSocket]]:
    client, server = socket.socketpair()
    bounded = BoundedSocket.of(server)
    with client, bounded:
        yield client, bounded


def test_what_was_sent_is_read(pair):
    client, bounded = pair
    bounded.allow(30)
    client.sendall(b"GET / HTTP/1.1\r\n")

    assert bounded.recv(100) == b"GET / HTTP/1.1\r\n"
    assert bounded.gettimeout() is None


def test_what_does_not_come_is_given_up(pair):
    _, bounded = pair
    bounded.allow(0.05)

    with pytest.raises(ConnectionResetError, match="in time"):
        bounded.recv(100)


def test_what_came_before_the_deadline_is_read_after_it(pair):
    client, bounded = pair
    client.sendall(b"late to be read")
    bounded.allow(-1)

    assert bounded.recv(100) == b"late to be read"
    with pytest.raises(ConnectionResetError):
        bounded.recv(100)


def test_one_byte_after_the_other_is_given_up_too(pair):
    client, bounded = pair
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.01):
            client.sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    bounded.allow(0.2)
    try:
        with pytest.raises(ConnectionResetError):
            read_slowly(bounded)
    finally:
        stop.set()
        dripping.join()


def test_a_long_request_may_take_longer(pair):
    client, bounded = pair
    bounded.allow(0.05)
    client.sendall(bytes(100_000))
    received = 0
    while received < 100_000:
        received += len(bounded.recv(65_536))
    threading.Timer(0.2, client.sendall, [b"more"]).start()

    assert bounded.recv(100) == b"more"


def test_the_end_of_the_connection_is_no_error(pair):
    client, bounded = pair
    bounded.allow(30)
    client.close()

    assert bounded.recv(100) == b""


def read_slowly(bounded: BoundedSocket) -> None:
    while bounded.recv(1):
        time.sleep(0.01)
