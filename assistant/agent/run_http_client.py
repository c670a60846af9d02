"""The HTTP client of one run of the agent: it ends when the run ends.

The agent's thread may wait for bytes when somebody else stops the run. So the run closes the
sockets, which wakes whoever reads.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

from assistant.agent.run import Run
from tickets.delivery.networks import ANYWHERE


def client_for_run(run: Run) -> Any:
    """An ``httpx.Client`` whose requests share the run's deadline and end when it is stopped."""
    from tickets.delivery.http_client import bounded_client

    return bounded_client(
        seconds=run.limits.seconds,
        seconds_left=lambda: run.left,
        allowed=ANYWHERE,
        on_connect=lambda connection: run.on_stop(lambda: _shut_down(connection)),
    )


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):
        # Closing alone would not wake a thread that reads.
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
