"""Send a request to an address somebody typed, without being led into our own network.

The only module that imports httpcore. A name is looked up once, every address it has is judged, and
the connection is made to the very address that was judged: a name that points elsewhere a moment
later (DNS rebinding) gains nothing. Redirects are not followed, proxies not used, and the whole
exchange has one deadline, however slowly the other side talks.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpcore

from tickets.addresses import Address, Network, judge

SECONDS = 10.0
"""For everything: looking up, connecting, TLS, sending and the reply's first lines."""


class Unreachable(Exception):
    """There was no reply, and why."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, allowed: Sequence[Network] = ()
) -> int:
    """The status of the reply. Raises ``addresses.Refused`` or ``Unreachable``."""
    parsed = httpcore.URL(url)
    backend = _Guarded(
        allowed, is_plain=parsed.scheme != b"https", deadline=time.monotonic() + SECONDS
    )
    sent = [("Host", parsed.host.decode()), ("Content-Length", str(len(body))), *headers.items()]
    if parsed.port:
        sent[0] = ("Host", f"{parsed.host.decode()}:{parsed.port}")
    try:
        # Streamed: the body of the reply is never read.
        with (
            httpcore.ConnectionPool(network_backend=backend) as pool,
            pool.stream(
                "POST", parsed, headers=sent, content=body, extensions={"timeout": _TIMEOUTS}
            ) as reply,
        ):
            return int(reply.status)
    except (
        *(httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError),
        *(httpcore.UnsupportedProtocol, OSError, ValueError),
    ) as failure:
        raise Unreachable(f"{type(failure).__name__}: {failure}".rstrip(": ")) from None


_TIMEOUTS = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)


class _Guarded(httpcore.NetworkBackend):
    def __init__(self, allowed: Sequence[Network], *, is_plain: bool, deadline: float) -> None:
        self._allowed, self._is_plain, self._deadline = allowed, is_plain, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _look_up(host, port)
        # One bad address among several is reason enough: which one is taken would be luck.
        for address in addresses:
            judge(address, is_plain=self._is_plain, allowed=self._allowed)
        left = _left(self._deadline, httpcore.ConnectTimeout)
        stream = httpcore.SyncBackend().connect_tcp(str(addresses[0]), port, timeout=left)
        return _Hurried(stream, self._deadline)


class _Hurried(httpcore.NetworkStream):
    """A stream whose every step has to end by one moment."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, httpcore.ConnectTimeout)
        return _Hurried(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, late: type[Exception]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise late(f"no reply within {SECONDS:.0f} s")
    return left


def _look_up(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as failure:
        raise Unreachable(f"{host} cannot be looked up: {failure}") from None
    # A link-local address comes with the name of its interface.
    return [ipaddress.ip_address(str(at[4][0]).partition("%")[0]) for at in found]
