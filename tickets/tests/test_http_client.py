"""No server a request goes to can lead it into our own network, hold it or flood it."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tickets.delivery import http_client
from tickets.delivery.http_client import FAILURES, bounded_client
from tickets.delivery.networks import ANYWHERE, Refused, is_public, networks
from tickets.tests.receiver import receiving

pytestmark = pytest.mark.slow


def post(url, *, seconds=5.0, allowed=(), **options):
    with bounded_client(seconds=seconds, allowed=allowed, **options) as client:
        return client.post(url, content=b"{}")


@contextmanager
def serving(*parts: bytes, pause: float = 0.0) -> Iterator[str]:
    """A server that answers every request with these bytes, a part at a time."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    talking, _ = server.accept()
                except OSError:
                    return
                with talking:
                    while not talking.recv(65_536).endswith(b"{}"):
                        pass
                    with suppress(OSError):
                        for part in parts:
                            talking.sendall(part)
                            time.sleep(pause)

        threading.Thread(target=answer, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)


def letters(text: bytes) -> list[bytes]:
    return [text[at : at + 1] for at in range(len(text))]


# --- Where it goes --------------------------------------------------------------------------------


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
        with pytest.raises(FAILURES):
            post(f"http://{host}:{receiver.server_port}/")

        assert receiver.got == []


def test_a_network_is_reached_once_it_is_allowed():
    with receiving(204) as receiver:
        allowed = networks("127.0.0.0/8")

        assert post(receiver.url, allowed=allowed).status_code == 204

    assert receiver.got[0]["headers"]["Host"] == f"127.0.0.1:{receiver.server_port}"


def test_plain_http_is_only_for_networks_that_are_allowed(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", names({"shop.example": ["93.184.215.14"]}))

    with pytest.raises(Refused, match="use https"):
        post("http://shop.example/")


def names(addresses, later=None):
    """A resolver; ``later`` is what it says from the second time on."""
    lookups = []

    def getaddrinfo(host, port, *args, **kwargs):
        # An address is looked up as well when it is connected to.
        replies = (later if lookups and later else addresses).get(host, [host])
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in replies]

    return getaddrinfo


def test_a_name_with_one_inner_address_among_others_is_refused(monkeypatch):
    both = {"shop.example": ["93.184.215.14", "10.0.0.1"]}
    monkeypatch.setattr(socket, "getaddrinfo", names(both))

    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        post("https://shop.example/")


def test_the_address_that_was_judged_is_the_one_that_is_reached(monkeypatch):
    """DNS rebinding: the second look-up says loopback. It is never made."""
    reached = []

    def connect(address, *args, **kwargs):
        reached.append(address[0])
        raise OSError("no such host here")

    first, later = {"shop.example": ["93.184.215.14"]}, {"shop.example": ["127.0.0.1"]}
    monkeypatch.setattr(socket, "getaddrinfo", names(first, later))
    monkeypatch.setattr(socket, "create_connection", connect)

    with pytest.raises(http_client.httpx.ConnectError):
        post("https://shop.example/")

    assert reached == ["93.184.215.14"]


def test_a_redirect_is_not_followed():
    with (
        receiving() as inner,
        serving(
            f"HTTP/1.1 307 Go\r\nLocation: {inner.url}\r\nContent-Length: 0\r\n\r\n".encode()
        ) as url,
    ):
        assert post(url, allowed=ANYWHERE).status_code == 307

        assert inner.got == []


def test_a_proxy_in_the_environment_is_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    with receiving(204) as receiver:
        assert post(receiver.url, allowed=ANYWHERE).status_code == 204


def test_a_name_with_several_addresses_is_reached_by_the_one_that_answers(monkeypatch):
    with receiving(204) as receiver:
        both = {"here.example": ["127.9.9.9", "127.0.0.1"]}
        monkeypatch.setattr(socket, "getaddrinfo", names(both))
        url = f"http://here.example:{receiver.server_port}/"

        assert post(url, allowed=ANYWHERE).status_code == 204


# --- How long and how much ------------------------------------------------------------------------


HEAD = b"HTTP/1.1 200 OK\r\nX-Slow: "
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(letters(HEAD + b"x" * 100), id="the head drips"),
        pytest.param([BODY, *letters(b"x" * 100)], id="the body drips"),
        pytest.param([], id="silence"),
    ],
)
def test_a_slow_server_is_left_at_the_deadline(parts):
    with serving(*(parts or [b""] * 50), pause=0.1) as url:
        started = time.monotonic()

        with pytest.raises(http_client.httpx.TimeoutException):
            post(url, seconds=0.5, allowed=ANYWHERE)

    assert time.monotonic() - started < 2


def test_several_requests_may_share_one_deadline():
    ends = time.monotonic() + 0.5
    with (
        receiving() as receiver,
        bounded_client(
            seconds=60, allowed=ANYWHERE, seconds_left=lambda: ends - time.monotonic()
        ) as client,
    ):
        assert client.post(receiver.url, content=b"{}").status_code == 200
        time.sleep(0.5)

        with pytest.raises(http_client.httpx.TimeoutException):
            client.post(receiver.url, content=b"{}")


def test_a_connection_that_is_kept_gives_every_request_its_whole_time():
    with receiving(*[204] * 3) as receiver, bounded_client(seconds=0.5, allowed=ANYWHERE) as client:
        for _ in range(3):
            assert client.post(receiver.url, content=b"{}").status_code == 204
            time.sleep(0.3)


def test_a_large_reply_is_refused():
    with serving(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 1_000] * 20) as url:
        with pytest.raises(http_client.TooLarge):
            post(url, allowed=ANYWHERE, max_bytes=10_000)

        assert len(post(url, allowed=ANYWHERE, max_bytes=20_000).content) == 20_000


def test_a_compressed_reply_is_refused():
    packed = gzip.compress(b"x" * 1_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"

    with serving(head.encode() + packed) as url, pytest.raises(http_client.Compressed):
        post(url, allowed=ANYWHERE)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://127.0.0.1:9/",
            "ftp://shop.example/",
            "https:///",
            "https://[::1/",
            "http://a b/",
        ),
        *("https://\x00.example/", "https://" + "a" * 300 + ".example/", "nothing", ""),
    ],
)
def test_an_address_that_leads_nowhere_is_one_of_the_stated_failures(url):
    with pytest.raises(FAILURES):
        post(url, allowed=ANYWHERE)


def test_networks_that_are_none_are_refused():
    with pytest.raises(ValueError, match="networks like"):
        networks("10.0.0.0/99")
