"""Is the server of this container alive? Ends with 0 or 1. Standard library only."""

from __future__ import annotations

import os
import socket
import sys
from http.client import HTTPConnection

SECONDS = 3


def main(environ: dict[str, str]) -> int:
    bind = environ.get("BIND") or f"127.0.0.1:{environ.get('PORT') or 8000}"
    connection = HTTPConnection("localhost", timeout=SECONDS)
    try:
        connection.sock = _connected(bind.split(",")[0])
        connection.request("GET", "/healthz")
        return 0 if connection.getresponse().status == 200 else 1
    except OSError as failure:
        sys.stderr.write(f"{bind}: {failure}\n")
        return 1
    finally:
        connection.close()


def _connected(bind: str) -> socket.socket:
    if bind.startswith("unix:"):
        there = socket.socket(socket.AF_UNIX)
        there.settimeout(SECONDS)
        there.connect(bind.removeprefix("unix:"))
        return there
    host, _, port = bind.rpartition(":")
    return socket.create_connection((host.replace("0.0.0.0", "127.0.0.1"), int(port)), SECONDS)  # noqa: S104


if __name__ == "__main__":
    sys.exit(main(dict(os.environ)))
