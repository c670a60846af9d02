"""A site with pages of FAQs and the APIs of help centres, on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

HTML = "text/html; charset=utf-8"


class Page(NamedTuple):
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = {}
    seconds: float = 0.0
    """Before the reply."""


class SourceServer(ThreadingHTTPServer):
    """``pages`` by path with its query. It listens on every address of 127.0.0.0/8."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("", 0), _Handler)
        self.pages: dict[str, Page] = {}
        self.requests: list[dict[str, Any]] = []

    def url(self, path: str = "", *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"

    def html(self, path: str, text: str, **more: Any) -> None:
        """A page with its ETag."""
        body = text.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        self.pages[path] = Page(body, headers={"Content-Type": HTML, "ETag": etag}, **more)

    def json(self, path: str, document: Any) -> None:
        headers = {"Content-Type": "application/json"}
        self.pages[path] = Page(json.dumps(document).encode(), headers=headers)

    def redirect(self, path: str, to: str) -> None:
        self.pages[path] = Page(status=302, headers={"Location": to})


class _Handler(BaseHTTPRequestHandler):
    server: SourceServer

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path, Page(b"not found", 404))
        headers = dict(self.headers)
        status, body = page.status, page.body
        if headers.get("If-None-Match", "") == page.headers.get("ETag"):
            status, body = 304, b""
        self.server.requests.append(
            {"path": self.path, "headers": headers, "host": headers["Host"], "status": status}
        )
        time.sleep(page.seconds)
        try:
            self.send_response(status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # The client did not wait.

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[SourceServer]:
    with SourceServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
