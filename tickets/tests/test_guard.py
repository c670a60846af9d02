"""A webhook leads nobody into our own network."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time

import pytest

from tickets import guard
from tickets.addresses import Refused, is_public, networks
from tickets.tests.receiver import receiving


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "::1", "::"),
        *("10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "fc00::1"),
        *("169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "255.255.255.255"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "2002:7f00:1::", "64:ff9b::7f00:1"),
        *("192.0.2.1", "198.18.0.1", "240.0.0.1", "2001:db8::1"),
    ],
)
def test_what_is_not_on_the_open_internet_is_refused(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111"])
def test_what_is_on_it_is_not(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "127.1", "0"]
)
def test_loopback_is_refused_however_it_is_written(host):
    with receiving() as receiver:
        with pytest.raises((Refused, guard.Unreachable)):
            guard.post(f"http://{host}:{receiver.server_port}/", b"{}", {})

        assert receiver.got == []


def test_a_network_is_reached_once_it_is_allowed():
    with receiving(204) as receiver:
        allowed = networks("127.0.0.0/8")

        assert guard.post(receiver.url, b"{}", {"X-One": "1"}, allowed=allowed) == 204

    assert receiver.got[0]["headers"]["Host"] == f"127.0.0.1:{receiver.server_port}"


def test_plain_http_is_only_for_networks_that_are_allowed(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", names({"shop.example": ["93.184.215.14"]}))

    with pytest.raises(Refused, match="use https"):
        guard.post("http://shop.example/", b"{}", {})


def names(known, later=None):
    """A resolver; ``later`` is what it says from the second time on."""
    asked = []

    def getaddrinfo(host, port, *args, **kwargs):
        said = (later if asked and later else known)[host]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in said]

    return getaddrinfo


def test_a_name_with_one_inner_address_among_others_is_refused(monkeypatch):
    both = {"shop.example": ["93.184.215.14", "10.0.0.1"]}
    monkeypatch.setattr(socket, "getaddrinfo", names(both))

    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        guard.post("https://shop.example/", b"{}", {})


def test_the_address_that_was_judged_is_the_one_that_is_reached(monkeypatch):
    """DNS rebinding: the second look-up says loopback. It is never made."""
    reached = []

    def connect(address, *args, **kwargs):
        reached.append(address[0])
        raise OSError("no such host here")

    first, later = {"shop.example": ["93.184.215.14"]}, {"shop.example": ["127.0.0.1"]}
    monkeypatch.setattr(socket, "getaddrinfo", names(first, later))
    monkeypatch.setattr(socket, "create_connection", connect)

    with pytest.raises(guard.Unreachable):
        guard.post("https://shop.example/", b"{}", {})

    assert reached == ["93.184.215.14"]


def test_a_receiver_that_dribbles_is_left_in_time(monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def dribble():
            talking, _ = server.accept()
            with talking:
                for character in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100:
                    try:
                        talking.send(bytes([character]))
                    except OSError:
                        return
                    time.sleep(0.1)

        threading.Thread(target=dribble, daemon=True).start()
        started = time.monotonic()

        with pytest.raises(guard.Unreachable, match="no reply within|timed out"):
            guard.post(
                f"http://127.0.0.1:{server.getsockname()[1]}/",
                b"{}",
                {},
                allowed=networks("127.0.0.1"),
            )

    assert time.monotonic() - started < 2


def test_networks_that_are_none_are_refused():
    with pytest.raises(ValueError, match="networks like"):
        networks("10.0.0.0/99")
