"""A socket with a deadline for the whole request."""

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


def test_sent_bytes_are_read(pair):
    client, bounded = pair
    bounded.set_deadline(30)
    client.sendall(b"GET / HTTP/1.1\r\n")

    assert bounded.recv(100) == b"GET / HTTP/1.1\r\n"
    assert bounded.gettimeout() is None


def test_a_silent_connection_is_reset_at_the_deadline(pair):
    _, bounded = pair
    bounded.set_deadline(0.05)

    with pytest.raises(ConnectionResetError, match="in time"):
        bounded.recv(100)


def test_bytes_from_before_the_deadline_are_read_after_it(pair):
    client, bounded = pair
    client.sendall(b"late to be read")
    bounded.set_deadline(-1)

    assert bounded.recv(100) == b"late to be read"
    with pytest.raises(ConnectionResetError):
        bounded.recv(100)


def test_a_request_that_arrives_byte_by_byte_is_reset_too(pair):
    client, bounded = pair
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.01):
            client.sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    bounded.set_deadline(0.2)
    try:
        with pytest.raises(ConnectionResetError):
            read_slowly(bounded)
    finally:
        stop.set()
        dripping.join()


def test_a_long_request_may_take_longer(pair):
    client, bounded = pair
    bounded.set_deadline(0.05)
    client.sendall(bytes(100_000))
    received = 0
    while received < 100_000:
        received += len(bounded.recv(65_536))
    threading.Timer(0.2, client.sendall, [b"more"]).start()

    assert bounded.recv(100) == b"more"


def test_a_closed_connection_is_no_error(pair):
    client, bounded = pair
    bounded.set_deadline(30)
    client.close()

    assert bounded.recv(100) == b""


def read_slowly(bounded: BoundedSocket) -> None:
    while bounded.recv(1):
        time.sleep(0.01)
