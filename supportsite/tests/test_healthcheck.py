"""deploy/healthcheck.py, which the image runs to see whether its server is alive."""

from __future__ import annotations

import runpy
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, UnixStreamServer

import pytest
from django.conf import settings

pytestmark = pytest.mark.slow

main = runpy.run_path(str(settings.BASE_DIR / "deploy" / "healthcheck.py"))["main"]


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Quiet."""

    def address_string(self) -> str:
        return ""


@pytest.fixture(params=["unix", "tcp"])
def bind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a server listens, as BIND says it."""
    if request.param == "unix":
        server: TCPServer | UnixStreamServer = UnixStreamServer(str(tmp_path / "s"), Answers)
        address = f"unix:{tmp_path / 's'}"
    else:
        server = TCPServer(("127.0.0.1", 0), Answers)
        address = f"0.0.0.0:{server.server_address[1]}"
    with server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        yield address
        server.shutdown()
        serving.join()


def test_a_server_that_answers_is_alive_over_the_first_address_it_has(bind):
    assert main({"BIND": f"{bind},0.0.0.0:9"}) == 0


def test_nobody_there_is_not_alive(tmp_path):
    assert main({"BIND": f"unix:{tmp_path / 'none'}"}) == 1
    assert main({"BIND": "127.0.0.1:9"}) == 1
