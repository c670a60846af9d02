"""A server that stands for Slack, Telegram and a program's reply URL: it keeps what it gets."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECONDS = 30


class ChatServer(ThreadingHTTPServer):
    """``problems``: what it says to the next requests instead, as status, headers and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, Any]] = []
        self.problems: list[tuple[int, dict[str, str], dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request["body"] for request in self.requests]

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + SECONDS
        while len(self.requests) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.requests) >= count


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(raw)
        self.server.requests.append(
            {"path": self.path, "headers": dict(self.headers), "raw": raw, "body": body}
        )
        number = len(self.server.requests)
        if self.server.problems:
            self._reply(*self.server.problems.pop(0))
        elif self.path == "/chat.postMessage":
            self._reply(200, {}, {"ok": True, "channel": body["channel"], "ts": f"17.{number:06}"})
        elif self.path.endswith("/sendMessage"):
            message = {"message_id": number, "chat": {"id": body["chat_id"]}}
            self._reply(200, {}, {"ok": True, "result": message})
        else:
            self._reply(200, {}, {})

    def _reply(self, status: int, headers: dict[str, str], body: dict[str, Any]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def chatting() -> Iterator[ChatServer]:
    with ChatServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
