"""A site of another origin that shows the widget."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHOP = """<!DOCTYPE html><html lang="en"><head><title>Shop</title></head>
<body><main><h1>Shop</h1></main>
<script src="{service}/widget/v1.js" data-site="{site}"></script></body></html>"""


class Shop(BaseHTTPRequestHandler):
    """A site with a policy that allows the service's script and frame, and nothing else.

    ``/`` shows the widget of the help site ``shop``, ``/KEY`` that of another one.
    """

    def __init__(self, service: str, *args: object) -> None:
        self.service = service
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        policy = f"default-src 'none'; script-src {self.service}; frame-src {self.service}"
        self.send_response(404 if "." in self.path else 200)
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        site = self.path.strip("/") or "shop"
        self.wfile.write(SHOP.format(service=self.service, site=site).encode())

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def shop(service: str) -> Iterator[str]:
    """Its origin. It is another site than localhost, so that cookies are those of a third party."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Shop, service))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
