"""A program that gets webhooks: it keeps what came, and answers as it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tickets.delivery.webhooks import signature

SECONDS = 30


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses)
        self.headers: dict[str, str] = {}
        self.body = b""
        self.got: list[dict[str, Any]] = []
        self.hold = threading.Event()
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + SECONDS
        while len(self.got) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.got) >= count

    def is_genuine(self, request: dict[str, Any], secret: str) -> bool:
        headers = request["headers"]
        return signature.is_genuine(
            request["body"],
            timestamp=headers[signature.TIMESTAMP],
            signatures=headers[signature.SIGNATURE],
            secret=secret,
            now=time.time(),
        )


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.server.got.append(
            {"headers": dict(self.headers), "body": body, "told": json.loads(body)}
        )
        self.server.hold.wait(SECONDS)
        try:
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            for name, value in self.server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(self.server.body)
        except OSError:
            return

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def receiving(*statuses: int) -> Iterator[Receiver]:
    with Receiver(*statuses) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.hold.set()
            server.shutdown()
            thread.join()
