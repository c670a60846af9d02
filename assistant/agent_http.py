"""An HTTP client that lives and ends with one run of the agent.

The client's own time limits hold for one read each: a server that sends a byte now and then passes
them for ever. So the run's deadline is enforced by closing the socket, which wakes whoever reads.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from assistant.agent_reasons import AgentReason
from assistant.agent_run import Run

if TYPE_CHECKING:
    import httpx

LARGEST_REPLY = 1_000_000
"""Bytes of one reply, headers not counted."""


def bounded_client(run: Run) -> httpx.Client:
    """A client that follows no redirect and uses no proxy: it speaks to one address alone.

    Ends with the run, and ends the run with ``TOO_LONG`` when a reply is larger than
    ``LARGEST_REPLY`` bytes.
    """
    import httpx

    class Bounded(httpx.BaseTransport):
        def __init__(self) -> None:
            self._inner = httpx.HTTPTransport(verify=_certificates(), retries=0)

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            limits = dict.fromkeys(("connect", "read", "write", "pool"), max(run.left, 0.001))
            request.extensions = {**request.extensions, "timeout": limits, "trace": _watch(run)}
            # A few compressed bytes can stand for gigabytes.
            request.headers["Accept-Encoding"] = "identity"
            response = self._inner.handle_request(request)
            if response.headers.get("Content-Encoding", "identity") != "identity":
                response.close()
                raise run.end(AgentReason.UNREADABLE)
            return httpx.Response(
                response.status_code,
                headers=response.headers,
                stream=Counted(response.stream),
                extensions=response.extensions,
            )

        def close(self) -> None:
            self._inner.close()

    class Counted(httpx.SyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        def __iter__(self) -> Iterator[bytes]:
            size = 0
            for part in self._stream:
                run.check()
                size += len(part)
                if size > LARGEST_REPLY:
                    raise run.end(AgentReason.TOO_LONG)
                yield part

        def close(self) -> None:
            self._stream.close()

    return httpx.Client(transport=Bounded(), trust_env=False)


def _watch(run: Run) -> Any:
    """Learn of each connection as it is made, to cut it when the run ends."""

    def trace(event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            stream = info["return_value"]
            run.on_stop(lambda: _cut(stream.get_extra_info("socket")))

    return trace


def _cut(connection: Any) -> None:
    try:
        # Closing alone would not wake a thread that reads.
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
    except (OSError, AttributeError):
        pass


@cache
def _certificates() -> ssl.SSLContext:
    """Loaded once: it takes some 70 ms."""
    return ssl.create_default_context()
