"""The HTTP client of one run of the agent: it is closed when the run ends.

The agent's thread may be blocked in a read when another thread stops the run. Stopping shuts down
the sockets, which wakes the blocked thread.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from assistant.agent.run import Run
from tickets.delivery.networks import ANYWHERE


def client_for_run(run: Run) -> Any:
    """An ``httpx.Client`` whose requests share the run's deadline and stop with the run."""
    from tickets.delivery.http_client import bounded_client

    return bounded_client(
        seconds=run.limits.seconds,
        seconds_left=lambda: run.left,
        allowed=ANYWHERE,
        on_connect=lambda connection: run.on_stop(lambda: _shut_down(connection)),
    )


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):
        # close() alone does not wake a thread that is blocked in a read.
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
