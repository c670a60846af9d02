"""The HTTP client for every request to another server. The only module that imports httpx.

Webhooks, identity providers, the agent's model and remote embeddings use it. It protects the site
from the other server:

- one deadline for the whole exchange, however slowly bytes arrive;
- a limit on the size of the reply, and no compressed replies;
- every address of a host name is checked before the connection, which is then made to a checked
  address, so that DNS rebinding has no effect;
- redirects are not followed, and proxies from the environment not used.

It is in this app because webhooks need it, and other apps may import this one.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import httpcore
import httpx

from tickets.delivery.networks import Address, Network, Refused, check_address

OnConnect = Callable[[socket.socket], None]

MAX_BYTES = 1_000_000
"""The largest body of a reply."""


class TooLarge(httpx.TransportError):
    """The reply is larger than the client accepts."""


class Compressed(httpx.TransportError):
    """The reply is compressed, although the request did not allow that."""


FAILURES = (httpx.HTTPError, httpx.InvalidURL, Refused, OSError, ValueError)
"""The exceptions of a request."""


def bounded_client(
    *,
    seconds: float,
    max_bytes: int = MAX_BYTES,
    allowed: Sequence[Network] = (),
    headers: Mapping[str, str] | None = None,
    seconds_left: Callable[[], float] | None = None,
    on_connect: OnConnect | None = None,
) -> httpx.Client:
    """A client whose exchanges end within ``seconds``, or the ``timeout=`` of a request.

    ``allowed``: private networks that may be reached, also over plain HTTP. ``seconds_left``: the
    time until a deadline that several exchanges share. ``on_connect`` gets each new socket, for
    callers that close it from another thread. Requests raise one of ``FAILURES``.
    """
    return httpx.Client(
        transport=_BoundedTransport(_CheckedNetwork(allowed, on_connect), max_bytes, seconds_left),
        headers={"User-Agent": "supportsite", **(headers or {})},
        timeout=seconds,
        trust_env=False,
        follow_redirects=False,
    )


class _BoundedTransport(httpx.HTTPTransport):
    def __init__(
        self,
        network: httpcore.NetworkBackend,
        max_bytes: int,
        seconds_left: Callable[[], float] | None,
    ) -> None:
        # Not the parent's: httpx has no parameter for a network backend.
        self._pool = httpcore.ConnectionPool(ssl_context=_tls(), network_backend=network)
        self._max_bytes, self._seconds_left = max_bytes, seconds_left

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        seconds = request.extensions["timeout"]["read"]
        if self._seconds_left:
            seconds = min(seconds, self._seconds_left())
        _exchange.start(seconds=seconds, is_plain=request.url.scheme != "https")
        # A few compressed bytes can unpack to gigabytes.
        request.headers["Accept-Encoding"] = "identity"
        response = super().handle_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise Compressed("the reply is compressed")
        response.stream = _BoundedStream(response.stream, self._max_bytes)
        return response


class _BoundedStream(httpx.SyncByteStream):
    def __init__(self, stream: Any, max_bytes: int) -> None:
        self._stream, self._max_bytes = stream, max_bytes

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self._stream:
            size += len(part)
            if size > self._max_bytes:
                raise TooLarge(f"the reply has more than {self._max_bytes} bytes")
            yield part

    def close(self) -> None:
        self._stream.close()


class _Exchange(threading.local):
    """The deadline of this thread's exchange, since httpx only limits the time of each read."""

    deadline = 0.0
    is_plain = True

    def start(self, *, seconds: float, is_plain: bool) -> None:
        self.deadline, self.is_plain = time.monotonic() + seconds, is_plain

    def seconds_left(self, timeout: float | None, error: type[Exception]) -> float:
        """Seconds for the next step, at most ``timeout``. Raises ``error`` after the deadline."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise error("no complete reply in time")
        return seconds if timeout is None else min(seconds, timeout)


_exchange = _Exchange()


class _CheckedNetwork(httpcore.NetworkBackend):
    def __init__(self, allowed: Sequence[Network], on_connect: OnConnect | None) -> None:
        self._allowed, self._on_connect = allowed, on_connect
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _look_up(host, port)
        # Refuse the host if any of its addresses is refused.
        for address in addresses:
            check_address(address, is_plain=_exchange.is_plain, allowed=self._allowed)
        return _DeadlineStream(self._connect(addresses, port, timeout), self._on_connect)

    def _connect(
        self, addresses: Sequence[Address], port: int, timeout: float | None
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            seconds = _exchange.seconds_left(timeout, httpcore.ConnectTimeout)
            try:
                return self._network.connect_tcp(str(address), port, timeout=seconds)
            except httpcore.ConnectError as error:
                failure = error
        raise failure


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every step must end by the deadline of the exchange."""

    def __init__(self, stream: httpcore.NetworkStream, on_connect: OnConnect | None) -> None:
        self._stream, self._on_connect = stream, on_connect
        if on_connect:
            on_connect(stream.get_extra_info("socket"))

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _exchange.seconds_left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _exchange.seconds_left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = _exchange.seconds_left(timeout, httpcore.ConnectTimeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, seconds)
        return _DeadlineStream(stream, self._on_connect)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _look_up(host: str, port: int) -> list[Address]:
    try:
        entries = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be looked up: {error}") from None
    # A link-local address comes with the name of its interface.
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in entries]


@cache
def _tls() -> ssl.SSLContext:
    """Cached, since loading takes about 70 ms."""
    return ssl.create_default_context()
